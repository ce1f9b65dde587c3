// What a caller writes by the types of the OpenAPI document. It is checked, not run.
import type { components, paths, webhooks } from "cutout-shotgun";

type Post<P extends keyof paths> = paths[P] extends { post: infer O } ? O : never;
type Json<R> = R extends { content: { "application/json": infer B } } ? B : never;
type Asked<P extends keyof paths> = Post<P> extends { requestBody: infer B } ? Json<B> : never;
type Answered<P extends keyof paths, S extends number> = Post<P> extends { responses: infer R }
  ? S extends keyof R ? Json<R[S]> : never
  : never;

export const asked: Asked<"/remove-background"> = {
  image_url: "https://example.com/a.png",
  include_models: ["all"],
  output_format: "webp",
  max_cost_usd: 0.01,
  webhook_url: "https://example.com/webhook",
};
export const enlarged: Asked<"/upscale"> = { image: "AAAA", scale_factor: 2 };
// @ts-expect-error 3 is no factor
export const wrong: Asked<"/upscale"> = { image: "AAAA", scale_factor: 3 };
// @ts-expect-error no such field
export const misspelt: Asked<"/upscale"> = { image: "AAAA", factor: 2 };

export function cutouts(body: Answered<"/remove-background", 200>): string[] {
  const done: "completed" | "partial" | "failed" = body.status;
  return body.results.flatMap((one) => (one.status === "success" && one.image_base64 ? [done + one.image_base64] : []));
}

export function widths(body: Answered<"/process", 200>): number[] {
  return body.results.map((one) => (one.upscale_status === "success" ? (one.output_dimensions?.width ?? 0) : 0));
}

export function why(body: Answered<"/remove-background", 422>): string {
  const details: components["schemas"]["ErrorDetails"] = body.error.details ?? {};
  const field: string = details.field ?? "none";
  return "results" in body ? body.results.map((one) => one.error ?? "").join() : field;
}

export function away(body: Answered<"/process", 503>): number {
  const kind = body.error.type;
  // @ts-expect-error no such type
  if (kind === "no_such_type") return 0;
  return kind === "service_unavailable" ? (body.error.details?.retry_after_s ?? 5) : 0;
}

export function later(body: Answered<"/remove-background", 202>): string {
  return body.status_url;
}

export function state(body: paths["/jobs/{job_id}"]["get"]["responses"][200]["content"]["application/json"]): string[] {
  return body.results.map((one) => one.image_url ?? one.error ?? ("model_id" in one ? one.model_id : one.status));
}

export const enlargedLater: Asked<"/upscale"> = { image_url: "https://example.com/a.png", webhook_url: "https://example.com/w" };
export function accepted(body: Answered<"/upscale", 202>): string {
  return body.status_url;
}
export function enlargedBy(body: Answered<"/upscale", 200>): string {
  return body.image_url ?? body.image_base64 ?? "";
}

type Headers = paths["/upscale"]["post"]["responses"][200]["headers"];
export function left(headers: Headers): number {
  const id: string | undefined = headers["X-Request-Id"];
  return id ? (headers["X-RateLimit-Remaining"] ?? 0) : 0;
}

type Ended = NonNullable<webhooks["job_ended"]["post"]["requestBody"]>["content"]["application/json"];
export function ended(body: Ended): string {
  const event: "job_completed" | "job_failed" | "job_cancelled" = body.event;
  return event + (body.signature ?? "") + body.results.length;
}
