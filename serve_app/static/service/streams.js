/** Events of a job as they arrive, each an object with its kind in `event`. */

import { ServiceError } from "./plain.js";

/** Of a body with one JSON object a line; an empty line is a heartbeat. */
export async function* jsonLines(body) {
  for await (const line of lines(body)) if (line) yield JSON.parse(line);
}

/** Of a body of server-sent events, each with one line of data. */
export async function* serverSent(body) {
  let event = "";
  for await (const line of lines(body)) {
    if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) yield { event, ...JSON.parse(line.slice(6)) };
  }
}

async function* lines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let parts = []; // of a long line, joined once
  for (;;) {
    const { value, done } = await reader.read().catch(lost);
    if (done) break;
    const [first, ...rest] = value.split("\n");
    parts.push(first);
    for (const next of rest) {
      yield parts.join("");
      parts = [next];
    }
  }
}

function lost(fault) {
  if (fault.name === "AbortError") throw fault;
  throw new ServiceError("The connection was lost before every model had finished.", { cause: fault });
}
