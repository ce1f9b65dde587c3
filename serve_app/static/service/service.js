/** Calls to the service. Addresses are relative, so that the page works behind a path prefix too. */

import { asked, keyHeaders } from "../frame/key.js";

/** An error response; the message is the service's own. */
export class ServiceError extends Error {}

/** The message of a service error; errors of the page itself are rethrown, for the browser's console. */
export function wordsOf(fault) {
  if (!(fault instanceof ServiceError)) throw fault;
  return fault.message;
}

/**
 * Send a picture, a file or an address, to `models`; yields each event of the stream as it arrives: started, finished,
 * failed, summary.
 */
export async function* fire(picture, models, signal) {
  const headers = { Accept: "application/x-ndjson" };
  const field = typeof picture === "string" ? "image_url" : "image";
  const body = form({ [field]: picture, include_models: models });
  const response = await call("remove-background", { method: "POST", headers, body, signal });
  for await (const line of lines(response.body)) {
    if (!line) continue; // a heartbeat
    const event = JSON.parse(line);
    if (event.event === "error") throw new ServiceError(event.error.message);
    yield event;
    if (event.event === "summary") return;
  }
  throw new ServiceError("The connection ended before every model had finished.");
}

/** A cutout, 2 or 4 times larger on each side. */
export const upscale = (picture, factor) =>
  json("upscale", { method: "POST", body: form({ image: picture, scale_factor: factor }) });

/** The same as a file of another type; a JPEG has a white background. */
export const enlarged = (picture, factor, type) =>
  blob("upscale", { image: picture, scale_factor: factor, preserve_alpha: type !== "image/jpeg" }, type);

/** A finished job's cutout as a file of another type, perhaps on a background; no model runs. */
export const compose = (jobId, fields, type) => blob(`jobs/${jobId}/compose`, fields, type);

/** Another matte, a grey PNG, for a finished job's cutout; the answer has one result, the mended cutout. */
export const edit = (jobId, modelId, mask) =>
  json(`jobs/${jobId}/edit`, { method: "POST", body: form({ model_id: modelId, mask }) });

/** Log a pick; it is sent even while the page goes away. */
export const logSelection = (pick) =>
  json("log-selection", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(pick), keepalive: true,
  });

export const models = async () => (await json("models")).models;
export const stats = () => json("selections/stats");

const blob = async (path, fields, type) =>
  (await call(path, { method: "POST", headers: { Accept: type }, body: form(fields) })).blob();
const json = async (path, options) => (await call(path, options)).json();

function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

async function call(path, options = {}) {
  for (;;) {
    const response = await reach(path, { ...options, headers: { ...options.headers, ...keyHeaders() } });
    if (response.ok) return response;
    const words = await refusal(response);
    if (response.status !== 401 || !(await asked(words))) throw new ServiceError(words);
  }
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new ServiceError("The service cannot be reached. Is it running?", { cause: fault });
  }
}

async function refusal(response) {
  const body = await response.json().catch(() => null); // a proxy in between answers in its own form
  return body?.error?.message ?? `The service answered with ${response.status} ${response.statusText}.`;
}

async function* lines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let parts = []; // of a line of many megabytes, joined once
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
