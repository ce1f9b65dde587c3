/** Calls to the service. Addresses are relative, so that the page works behind a path prefix too. */

import { asked, keyHeaders } from "../frame/key.js";
import { ServiceError, plainly } from "./plain.js";
import { jsonLines, serverSent } from "./streams.js";
import { waited } from "./waits.js";

const PATIENT = 5; // so often a call that the service has no room for is repeated
const LAST = ["summary", "error"];

/** The message of a service error; errors of the page itself are rethrown, for the browser's console. */
export function wordsOf(fault) {
  if (!(fault instanceof ServiceError)) throw fault;
  return fault.message;
}

/**
 * The events of an entry's job as they arrive: started, finished, failed, summary. Of the job that it has, from its first
 * event on; or of a new one, to which its picture is sent, a file or an address. The same picture, fields and key again
 * are the same job.
 */
export const eventsOf = ({ jobId, source, key, fields }, signal) =>
  jobId ? follow(jobId, signal) : fire(source, key, fields, signal);

async function* fire(picture, key, fields, signal) {
  const headers = { Accept: "application/x-ndjson", "Idempotency-Key": key };
  const body = form({ ...pictured(picture), response_format: "url", ...fields });
  const response = await call("remove-background", { method: "POST", headers, body, signal });
  yield* whole(jsonLines(response.body));
}

async function* follow(jobId, signal) {
  const response = await call(`jobs/${jobId}/events`, { signal });
  yield* whole(serverSent(response.body));
}

/** Send a picture as a durable job; its whole answer once it has ended. */
export async function cutOut(picture, key, fields, signal) {
  const body = form({ ...pictured(picture), response_format: "url", ...fields });
  for (;;) {
    const options = { method: "POST", headers: { "Idempotency-Key": key }, body, signal };
    const answer = await json("remove-background", options);
    if (answer.results) return answer; // else it takes longer than a request may, and goes on
  }
}

/** A job as it stands. */
export const job = (jobId) => json(`jobs/${jobId}`);

/** Delete a job, with its pictures, on the service; one that is deleted already stays so. */
export async function forgetJob(jobId) {
  await call(`jobs/${jobId}?forget=true`, { method: "DELETE" }, [404]);
}

/** A picture at the address that a result has, as a blob. A proxy may have changed the address in front of the path. */
export async function pictureAt(address) {
  const { pathname, search } = new URL(address, location.href);
  return (await call(pathname.split("/").slice(-3).join("/") + search)).blob();
}

/** What models would cost at most, and which would run: `{estimate_usd, models, …}`. */
export const estimate = (fields) => json("estimate", sent(fields));

/** A cutout, 2 or 4 times larger on each side. */
export const upscale = (picture, factor) =>
  json("upscale", { method: "POST", body: form({ image: picture, scale_factor: factor }) });

/** The same as a file of another type; a JPEG has a white background. */
export const enlarged = (picture, factor, type) =>
  blob("upscale", { image: picture, scale_factor: factor, preserve_alpha: type !== "image/jpeg" }, type);

/** A finished job's cutout as a file of another type, perhaps on a background; no model runs. */
export const compose = (jobId, fields, type, signal) => blob(`jobs/${jobId}/compose`, fields, type, signal);

/** The canvases that a finish may have: `{id, name, width, height, dpi}`. */
export const presets = async () => (await json("presets")).presets;

/** Another matte, a grey PNG, for a finished job's cutout; the answer has one result, the mended cutout. */
export const edit = (jobId, modelId, mask) =>
  json(`jobs/${jobId}/edit`, { method: "POST", body: form({ model_id: modelId, mask }) });

/** A link to results of a finished job: `{share_url, expires_at}`, in seconds since 1970. */
export const share = (jobId, fields) => json(`jobs/${jobId}/share`, sent(fields));

/** Log a pick; it is sent even while the page goes away. */
export const logSelection = (pick) => json("log-selection", { ...sent(pick), keepalive: true });

export const models = () => json("models");
export const stats = () => json("selections/stats");

const blob = async (path, fields, type, signal) =>
  (await call(path, { method: "POST", headers: { Accept: type }, body: form(fields), signal })).blob();
const json = async (path, options) => (await call(path, options)).json();
const pictured = (picture) => (typeof picture === "string" ? { image_url: picture } : { image: picture });
const sent = (fields) =>
  ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) });

function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

async function* whole(events) {
  for await (const event of events) {
    if (event.event === "error") throw new ServiceError(plainly(told(event)));
    yield event;
    if (LAST.includes(event.event)) return;
  }
  throw new ServiceError("The connection ended before every model had finished.", { cause: "no last event" });
}

/** The answer to a call; other statuses than 2xx and those of `expected` throw a ServiceError. */
async function call(path, options = {}, expected = []) {
  for (let tries = 1; ; tries++) {
    const response = await reach(path, { ...options, headers: { ...options.headers, ...keyHeaders() } });
    if (response.ok || expected.includes(response.status)) return response;
    const refused = await refusal(response);
    if (response.status === 401 && (await asked())) continue;
    const wait_s = response.status === 401 ? null : waitOf(response, refused, tries);
    if (wait_s === null) throw new ServiceError(plainly(refused));
    await waited(wait_s, options.signal);
  }
}

/** The seconds after which a refused call is worth repeating, or null. */
function waitOf(response, { retryAfter_s, isJob }, tries) {
  if (response.status === 429) return retryAfter_s ?? 2;
  const hasNoRoom = response.status === 503 && retryAfter_s && !isJob; // a job that failed would fail again
  return hasNoRoom && tries < PATIENT ? retryAfter_s : null;
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
  if (body?.error) return told(body);
  return { message: `The service answered with ${response.status} ${response.statusText}.` };
}

function told({ error, job_id, results }) {
  const { type, message, details } = error;
  const facts = { field: details?.field, retryAfter_s: details?.retry_after_s, reason: results?.[0]?.error };
  return { type, message, ...facts, isJob: Boolean(job_id) };
}
