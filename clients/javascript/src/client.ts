/** The operations of the service. */
import { Batches } from "./batches.js";
import { bytesOf, Connection, json, jsonContent, newKey, nothing, query, type Read } from "./connection.js";
import { CutoutError, type ErrorType } from "./errors.js";
import { eventsOf, type JobEvent } from "./events.js";
import { type Bytes, form, type Picture, pictureForm } from "./pictures.js";
import { ended } from "./polling.js";
import type {
  CutoutOptions, EstimateBody, Factor, Finish, JobList, JobQuery, JobState, ModelCard, Models, ProcessBody,
  ProcessResult, RemoveBody, RemoveResult, Selection, Share, ShareOptions, Stats, StreamOptions, SubmitOptions, Terms,
  UpscaleBody, UpscaleOptions, Vote,
} from "./types.js";

export interface ClientOptions {
  apiKey?: string;
  /** Longest time for an answer: a little more than the service's own `limits.request_s`. */
  timeoutMs?: number;
  /** Most attempts for a request. */
  tries?: number;
}

/** What has a picture, or the reason why there is none: a model's result, an enlarged picture, an item of a batch. */
interface WithPicture {
  image_base64?: string | null;
  image_url?: string | null;
  error?: string | null;
  error_type?: string | null;
}

/** Client of a Cutout Shotgun service. Every method throws CutoutError. */
export class Client extends Batches {
  constructor(url = "http://localhost:8000", { apiKey, timeoutMs = 330_000, tries = 5 }: ClientOptions = {}) {
    super(new Connection(url.replace(/\/+$/, ""), apiKey, timeoutMs, tries));
  }

  /** The file of the best cutout: of one model, or by its score with `auto` or `fused`; of others, say which by `pick`. */
  async remove(picture: Picture, models: Models = "auto", options: CutoutOptions = {}): Promise<Uint8Array> {
    const body = pictureForm(picture, { include_models: models, ...options });
    const headers = { Accept: `image/${options.output_format ?? "png"}` };
    const answer = await this.#asked("/remove-background", body, bytesOf, headers);
    if (answer instanceof Uint8Array) return answer;
    const results = answer.results as RemoveBody["results"];
    const good = results.filter((one) => !one.error);
    const best = good.find((one) => one.model_id === answer.selected_model_id) ?? good[0];
    if (!best) throw new CutoutError("processing_error", "The job was cancelled");
    return this.bytes(best);
  }

  /** Every model's cutout or error. */
  async removeBackground(picture: Picture, models: Models = "all", options: CutoutOptions = {}): Promise<RemoveBody> {
    const body = pictureForm(picture, { include_models: models, ...options });
    return this.#asked("/remove-background", body, json<RemoveBody>) as Promise<RemoveBody>;
  }

  /** Every model's cutout, enlarged, or its error. */
  async process(
    picture: Picture, models: Models = "all", upscaleFactor: Factor = 4, options: CutoutOptions = {},
  ): Promise<ProcessBody> {
    const body = pictureForm(picture, { bg_models: models, upscale_factor: upscaleFactor, ...options });
    return this.#asked("/process", body, json<ProcessBody>) as Promise<ProcessBody>;
  }

  /** What happens, as it happens: each model's cutout or error, then `summary`. A broken connection is resumed. */
  async *stream(picture: Picture, models: Models = "all", options: StreamOptions = {}): AsyncGenerator<JobEvent, void> {
    const [path, body] = request(picture, models, options);
    yield* eventsOf(this.connection, "POST", path, { body, headers: { "Idempotency-Key": newKey() } });
  }

  /** A picture enlarged, with exact transparency. */
  async upscale(picture: Picture, scaleFactor: Factor = 4, options: UpscaleOptions = {}): Promise<UpscaleBody> {
    const body = pictureForm(picture, { scale_factor: scaleFactor, ...options });
    return this.connection.send("POST", "/upscale", json<UpscaleBody>, { body });
  }

  /** The picture file of a result; throws the error of a model that failed. */
  async bytes(result: WithPicture): Promise<Uint8Array> {
    if (result.error) throw new CutoutError((result.error_type ?? "processing_error") as ErrorType, result.error);
    if (result.image_base64) return Uint8Array.from(atob(result.image_base64), (character) => character.charCodeAt(0));
    if (result.image_url) return this.connection.send("GET", result.image_url, bytesOf);
    throw new CutoutError("not_found", "This result has no picture; it may have been deleted");
  }

  /** The cutouts of a job that has ended, in another form. No model runs, and it costs nothing. */
  compose(jobId: string, models: Models = "all", finish: Finish = {}): Promise<RemoveBody | ProcessBody> {
    const body = form({ include_models: models, ...finish });
    return this.connection.send("POST", `/jobs/${jobId}/compose`, json<RemoveBody | ProcessBody>, { body });
  }

  /**
   * A cutout of a job that has ended with another matte, at no cost; `mask` is a grey PNG of the picture's size. It is
   * kept with the job as `edited`: `compose`, `share` and `logSelection` take that in the place of a model's id.
   */
  async edit(jobId: string, modelId: string, mask: Bytes): Promise<RemoveResult | ProcessResult> {
    const body = form({ model_id: modelId, mask });
    const answer = await this.connection.send("POST", `/jobs/${jobId}/edit`, json<RemoveBody | ProcessBody>, { body });
    return answer.results[0]!;
  }

  /** A link that shows results of a job that has ended to anybody who has it, until it expires. */
  share(jobId: string, models: Models = "all", options: ShareOptions = {}): Promise<Share> {
    return this.#post(`/jobs/${jobId}/share`, { include_models: [models].flat(), ...options });
  }

  /** Every model, with its availability, price and licence. */
  async models(): Promise<ModelCard[]> {
    return (await this.connection.send("GET", "/models", json<{ models: ModelCard[] }>)).models;
  }

  /** Price of a request, or of so many `pictures`, and the models it would run, without running it. */
  estimate(models: Models = "all", terms: Terms = {}): Promise<EstimateBody> {
    return this.#post("/estimate", { models: [models].flat(), ...terms });
  }

  /** Record which model's cutout was chosen; `none` if none is good enough. A job's last vote counts. */
  logSelection(jobId: string, modelId: string, vote: Vote = {}): Promise<Selection> {
    return this.#post("/log-selection", { job_id: jobId, selected_model_id: modelId, ...vote });
  }

  /** How often each model was chosen when it was offered, with 95 % intervals. */
  stats(): Promise<Stats> {
    return this.connection.send("GET", "/selections/stats", json<Stats>);
  }

  /** Submit a durable job, which survives crashes, and return its id; then `wait`, `events`, or get a webhook. */
  async submit(picture: Picture, models: Models = "all", options: SubmitOptions = {}): Promise<string> {
    const [path, body] = request(picture, models, options);
    const headers = { Prefer: "respond-async", "Idempotency-Key": newKey() };
    return (await this.connection.send("POST", path, json<{ job_id: string }>, { body, headers })).job_id;
  }

  /** A job's state, and its results so far. */
  job(jobId: string): Promise<JobState> {
    return this.connection.send("GET", `/jobs/${jobId}`, json<JobState>);
  }

  /** A page of the jobs of this API key, the newest first; without keys, those whose ids are in `job_ids`. */
  jobs(page: JobQuery = {}): Promise<JobList> {
    return this.connection.send("GET", `/jobs?${query(page)}`, json<JobList>);
  }

  /** Wait until a job has ended; throws its error if it failed. `bytes` gets the pictures of its results. */
  async wait(jobId: string): Promise<JobState> {
    const job = await ended(() => this.job(jobId));
    if (job.error) throw new CutoutError(job.error.type, job.error.message, job.error);
    if (job.status === "failed") throw allFailed(job);
    return job;
  }

  /** What has happened in a job so far, then what happens, until its `summary`. A broken connection is resumed. */
  events(jobId: string): AsyncGenerator<JobEvent, void> {
    return eventsOf(this.connection, "GET", `/jobs/${jobId}/events`);
  }

  /** Cancel a job: running models stop, finished results stay. A job that has ended does not change. */
  cancel(jobId: string): Promise<JobState> {
    return this.connection.send("DELETE", `/jobs/${jobId}`, json<JobState>);
  }

  /** Cancel a job, and delete it with its pictures, its results and its webhook. */
  forget(jobId: string): Promise<void> {
    return this.connection.send("DELETE", `/jobs/${jobId}?forget=true`, nothing);
  }

  #post<T>(path: string, fields: object): Promise<T> {
    return this.connection.send("POST", path, json<T>, jsonContent(fields));
  }

  /** The answer to a request with models. A job that takes longer than a request may is waited for. */
  async #asked<T>(path: string, body: FormData, read: Read<T>, headers = {}): Promise<T | JobState> {
    const given = { Accept: "application/json", ...headers, "Idempotency-Key": newKey() };
    const whole: Read<{ later: string } | { now: T }> = async (response) =>
      response.status === 202
        ? { later: (await json<{ job_id: string }>(response)).job_id }
        : { now: await read(response) };
    const answer = await this.connection.send("POST", path, whole, { body, headers: given });
    return "now" in answer ? answer.now : this.wait(answer.later);
  }
}

/** Path and body of a request with models. */
function request(picture: Picture, models: Models, options: SubmitOptions): [string, FormData] {
  const [path, field] = options.upscale_factor ? ["/process", "bg_models"] : ["/remove-background", "include_models"];
  return [path, pictureForm(picture, { [field]: models, ...options })];
}

function allFailed(job: JobState): CutoutError {
  const reasons = job.results.map((one) => `${"model_id" in one ? `${one.model_id}: ` : ""}${one.error}`);
  return new CutoutError("processing_error", `All models failed. ${reasons.join("; ")}`);
}
