/** Names for the types of the service's OpenAPI document. Fields have the API's own names. */
import type { Bytes } from "./pictures.js";
import type { components, paths } from "./service.js";

type Schemas = components["schemas"];
type Form<P extends keyof paths> = paths[P] extends { post: { requestBody: { content: { "application/json": infer F } } } }
  ? F
  : never;
type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;
/** A background is a colour or a preset by name, or a picture's bytes. */
type Finished<F> = Omit<F, "background"> & { background?: string | Bytes | null };
type Given = "image" | "image_url";
type Webhook = "webhook_url" | "webhook_secret";

/** A model's id, or several; or `all`, `auto` (as many as are needed), `fused` (made of the others). */
export type Models = string | readonly string[];
export type Factor = 2 | 4;
/** Fields of a request with models: finish, limits on price and time, kinds of models. */
export type CutoutOptions = Finished<Omit<Form<"/remove-background">, Given | Webhook | "include_models">>;
export type StreamOptions = CutoutOptions & {
  /** Enlarge each cutout so many times on each side. */
  upscale_factor?: Factor;
};
export type SubmitOptions = StreamOptions & Pick<Form<"/remove-background">, Webhook>;
export type UpscaleOptions = Omit<Form<"/upscale">, Given | Webhook | "scale_factor">;
export type BatchOptions = Finished<Omit<Form<"/batches">, "images" | "image_urls" | "include_models">>;
export type Finish = Finished<Omit<Form<"/jobs/{job_id}/compose">, "include_models">>;
export type ShareOptions = Omit<Form<"/jobs/{job_id}/share">, "include_models">;
export type Terms = Omit<Form<"/estimate">, "models">;
export type Vote = Omit<Form<"/log-selection">, "job_id" | "selected_model_id">;
export type JobQuery = Query<"/jobs">;
export type BatchQuery = Query<"/batches/{batch_id}">;

export type RemoveBody = Schemas["RemoveBody"];
export type RemoveResult = Schemas["RemoveResult"];
export type ProcessBody = Schemas["ProcessBody"];
export type ProcessResult = Schemas["ProcessResult"];
export type UpscaleBody = Schemas["UpscaleBody"];
export type EstimateBody = Schemas["EstimateBody"];
export type ModelCard = Schemas["ModelCard"];
export type JobState = Schemas["JobStateBody"];
export type JobList = Schemas["JobListBody"];
export type Share = Schemas["ShareBody"];
export type AcceptedBatch = Schemas["AcceptedBatchBody"];
export type Batch = Schemas["BatchBody"];
export type BatchItem = Schemas["BatchItemBody"];
export type Selection = Schemas["SelectionBody"];
export type Stats = Schemas["StatsBody"];
/** What the service sends to a `webhook_url`. */
export type WebhookBody = Schemas["WebhookBody"];
