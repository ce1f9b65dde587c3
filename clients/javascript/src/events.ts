/** The events of a job, read from server-sent events. */
import type { Connection, Content } from "./connection.js";
import { CutoutError, type ErrorType } from "./errors.js";
import type { JobState, ProcessResult, RemoveResult } from "./types.js";

export type JobEvent =
  | { event: "started"; job_id: string; models: { model_id: string; model_name: string }[]; skipped: Record<string, string> }
  /** With `auto`: the models that run now, at last none, and why. */
  | { event: "step"; models: string[]; reason: string }
  | ({ event: "finished" | "failed" } & (RemoveResult | ProcessResult))
  | ({ event: "summary" } & Omit<JobState, "webhook">);

/** A job's events until its `summary`. A request whose connection breaks is sent again, and nothing is told twice. */
export async function* eventsOf(
  connection: Connection, method: string, path: string, content: Content = {},
): AsyncGenerator<JobEvent, void> {
  const seen = new Set<string>();
  const given = { ...content, headers: { ...content.headers, Accept: "text/event-stream" } };
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const event of readEvents(await connection.open(method, path, given))) {
        const name = event.event + ("model_id" in event ? event.model_id : JSON.stringify(event));
        if (!seen.has(name)) yield event;
        seen.add(name);
        if (event.event === "summary") return;
      }
      throw new Error("the stream ended before its summary");
    } catch (fault) {
      if (fault instanceof CutoutError) throw fault;
      if (attempt >= connection.tries) throw connection.lost(fault);
    }
  }
}

/** The chunks of an answer as they come. */
export async function* chunksOf(response: Response): AsyncGenerator<Uint8Array, void> {
  const reader = response.body!.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
  } finally {
    await reader.cancel();
  }
}

/** Ends without `summary` where the connection was closed early. */
async function* readEvents(response: Response): AsyncGenerator<JobEvent, void> {
  let name = "";
  for await (const line of linesOf(response)) {
    if (line.startsWith("event: ")) name = line.slice("event: ".length);
    if (!line.startsWith("data: ")) continue;
    const data = JSON.parse(line.slice("data: ".length));
    if (name === "error") throw new CutoutError(data.error.type as ErrorType, data.error.message, data.error);
    yield { event: name, ...data };
  }
}

async function* linesOf(response: Response): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let partial = "";
  for await (const chunk of chunksOf(response)) {
    const lines = (partial + decoder.decode(chunk, { stream: true })).split("\n");
    partial = lines.pop() ?? "";
    yield* lines;
  }
}
