/** The events of a job, read from server-sent events. */
import { CutoutError, type ErrorType } from "./errors.js";
import type { JobState, ProcessResult, RemoveResult } from "./types.js";

export type JobEvent =
  | { event: "started"; job_id: string; models: { model_id: string; model_name: string }[]; skipped: Record<string, string> }
  /** With `auto`: the models that run now, at last none, and why. */
  | { event: "step"; models: string[]; reason: string }
  | ({ event: "finished" | "failed" } & (RemoveResult | ProcessResult))
  | ({ event: "summary" } & Omit<JobState, "webhook">);

/** The events of an answer as they come; ends without `summary` where the connection was closed early. */
export async function* eventsOf(response: Response): AsyncGenerator<JobEvent> {
  let name = "";
  for await (const line of linesOf(response)) {
    if (line.startsWith("event: ")) name = line.slice("event: ".length);
    if (!line.startsWith("data: ")) continue;
    const data = JSON.parse(line.slice("data: ".length));
    if (name === "error") throw new CutoutError(data.error.type as ErrorType, data.error.message, data.error);
    yield { event: name, ...data };
  }
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let partial = "";
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const lines = (partial + decoder.decode(chunk.value, { stream: true })).split("\n");
      partial = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await reader.cancel();
  }
}
