/** Asking again and again until something has ended. */
import { pause } from "./connection.js";
import type { JobState } from "./types.js";

type Status = JobState["status"];

/** First and longest pause between two questions. */
const POLL_MS = [250, 5000] as const;
const ENDED: readonly Status[] = ["completed", "partial", "failed", "cancelled"];

/** Whether nothing more will change. */
export function hasEnded(state: { status: Status }): boolean {
  return ENDED.includes(state.status);
}

/** Each state that is read, with growing pauses between them, up to that in which it has ended. */
export async function* states<T extends { status: Status }>(read: () => Promise<T>): AsyncGenerator<T, T> {
  for (let gapMs: number = POLL_MS[0]; ; gapMs = Math.min(gapMs * 1.5, POLL_MS[1])) {
    const state = await read();
    yield state;
    if (hasEnded(state)) return state;
    await pause(gapMs);
  }
}

/** The state in which it has ended. */
export async function ended<T extends { status: Status }>(read: () => Promise<T>): Promise<T> {
  const all = states(read);
  for (;;) {
    const state = await all.next();
    if (state.done) return state.value;
  }
}
