/** Error responses as one typed error, and whether to repeat the request. */
import type { components } from "./service.js";

type Detail = components["schemas"]["ErrorDetail"];
export type ErrorType = Detail["type"];

interface Facts {
  /** HTTP status; absent when the service could not be reached. */
  readonly status?: number;
  readonly details?: NonNullable<Detail["details"]>;
  /** Whether the same request may succeed later. */
  readonly retryable?: boolean;
  /** How long the service asks to wait, in seconds. */
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/** An error of the service. `message` is its sentence, `type` its kind in the API. */
export class CutoutError extends Error {
  override readonly name = "CutoutError";
  readonly status: number | undefined;
  readonly details: NonNullable<Detail["details"]>;
  readonly retryable: boolean;
  readonly retryAfterS: number | undefined;

  constructor(
    readonly type: ErrorType,
    message: string,
    facts: Facts = {},
  ) {
    super(message, { cause: facts.cause });
    this.status = facts.status;
    this.details = facts.details ?? {};
    this.retryable = facts.retryable ?? false;
    this.retryAfterS = facts.retryAfterS;
  }
}

/** Temporary errors; 502 and 504 come from a proxy. */
const TEMPORARY = [429, 502, 503, 504];
/** The same for answers that are not the service's own: Ray's HAProxy uses 500 where others use 502 to 504. */
const FROM_A_PROXY = [...TEMPORARY, 500];

/** The error of an unsuccessful answer. */
export async function errorOf(response: Response): Promise<CutoutError> {
  const body: unknown = await response.json().catch(() => null);
  const error = fieldOf(body, "error");
  const [type, message] = [fieldOf(error, "type"), fieldOf(error, "message")];
  const isOwn = typeof type === "string" && typeof message === "string";
  const isTemporary = (isOwn ? TEMPORARY : FROM_A_PROXY).includes(response.status);
  const facts: Facts = {
    status: response.status,
    details: (fieldOf(error, "details") ?? {}) as NonNullable<Detail["details"]>,
    // With a job's id it is that job's result: under the same Idempotency-Key it does not change.
    retryable: isTemporary && fieldOf(body, "job_id") === undefined,
    retryAfterS: retryAfterS(response.headers.get("Retry-After")),
  };
  if (isOwn) return new CutoutError(type as ErrorType, message, facts);
  const sentence = `${response.url} answered ${response.status}, in a form that is not Cutout Shotgun's`;
  return new CutoutError(isTemporary ? "service_unavailable" : "internal_error", sentence, facts);
}

function fieldOf(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

/** Seconds to wait, from a number or a date (RFC 9110, 10.2.3). */
function retryAfterS(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
