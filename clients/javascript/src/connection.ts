/** Sends requests, and repeats them when the service is busy, a replica dies or the connection breaks. */
import { CutoutError, errorOf } from "./errors.js";

/** Longest Retry-After that is waited for, and longest pause between two attempts, in seconds. */
const LONGEST_WAIT_S = 60;
const FIRST_WAIT_S = 0.25;

export type Read<T> = (response: Response) => Promise<T>;

interface Content {
  readonly headers?: Record<string, string>;
  readonly body?: FormData | string;
  /** Without a limit on time, for a stream. */
  readonly isStream?: boolean;
}

/** An address, a key and limits. Every request may be repeated: those that start work carry an Idempotency-Key. */
export class Connection {
  readonly #host: string;

  constructor(
    readonly url: string,
    private readonly apiKey: string | undefined,
    private readonly timeoutMs: number,
    readonly tries: number,
  ) {
    this.#host = new URL(url).host;
  }

  /** Send a request, and read the successful answer. `path` is below the service's address, or an absolute URL. */
  async send<T>(method: string, path: string, read: Read<T>, content: Content = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(method, path, read, content);
      } catch (fault) {
        const error = fault instanceof CutoutError ? fault : this.lost(fault);
        const waitS = error.retryAfterS ?? Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempt - 1));
        if (!error.retryable || attempt >= this.tries || waitS > LONGEST_WAIT_S) throw error;
        await pause((waitS + FIRST_WAIT_S * Math.random()) * 1000);
      }
    }
  }

  /** The error of a connection that failed or broke. */
  lost(fault: unknown): CutoutError {
    const isLate = fault instanceof DOMException && fault.name === "TimeoutError";
    const what = isLate ? "did not answer in time" : `could not be reached, or broke off, in ${this.tries} attempts`;
    return new CutoutError("service_unavailable", `${this.url} ${what}`, { retryable: !isLate, cause: fault });
  }

  private async once<T>(method: string, path: string, read: Read<T>, content: Content): Promise<T> {
    const target = new URL(/^https?:/.test(path) ? path : this.url + path);
    const headers = new Headers(content.headers);
    // A result's address is signed, and may be on another host.
    if (this.apiKey && target.host === this.#host) headers.set("Authorization", `Bearer ${this.apiKey}`);
    const signal = content.isStream ? null : AbortSignal.timeout(this.timeoutMs);
    const response = await fetch(target, { method, headers, body: content.body ?? null, signal });
    if (!response.ok) throw await errorOf(response);
    return await read(response);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
