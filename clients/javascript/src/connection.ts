/** Sends requests, and repeats them when the service is busy, a replica dies or the connection breaks. */
import { CutoutError, errorOf } from "./errors.js";

/** Longest Retry-After that is waited for, and longest pause between two attempts, in seconds. */
const LONGEST_WAIT_S = 60;
const FIRST_WAIT_S = 0.25;

export type Read<T> = (response: Response) => Promise<T>;

export interface Content {
  readonly headers?: Record<string, string>;
  readonly body?: FormData | string;
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
    this.#host = hostOf(url);
    if (apiKey && !/^[!-~]+$/.test(apiKey.trim())) {
      throw new CutoutError("validation_error", "The API key: ASCII characters without spaces expected");
    }
  }

  /** Send a request, and read the successful answer. `path` is below the service's address, or an absolute URL. */
  send<T>(method: string, path: string, read: Read<T>, content: Content = {}): Promise<T> {
    return this.#repeated(async () => {
      const signal = AbortSignal.timeout(this.timeoutMs);
      return read(await this.#once(method, path, content, signal));
    });
  }

  /** Send a request, and leave the body of the successful answer to be read, however long it takes. */
  open(method: string, path: string, content: Content = {}): Promise<Response> {
    return this.#repeated(() => this.#once(method, path, content, null));
  }

  /** The error of a connection that failed or broke. */
  lost(fault: unknown): CutoutError {
    const isLate = fault instanceof DOMException && fault.name === "TimeoutError";
    const what = isLate ? "did not answer in time" : "could not be reached, or closed the connection early";
    return new CutoutError("service_unavailable", `${this.url} ${what}`, { retryable: !isLate, cause: fault });
  }

  async #repeated<T>(once: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once();
      } catch (fault) {
        const error = fault instanceof CutoutError ? fault : this.lost(fault);
        const waitS = error.retryAfterS ?? Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempt - 1));
        if (!error.retryable || attempt >= this.tries || waitS > LONGEST_WAIT_S) throw error;
        await pause((waitS + FIRST_WAIT_S * Math.random()) * 1000);
      }
    }
  }

  async #once(method: string, path: string, content: Content, signal: AbortSignal | null): Promise<Response> {
    const target = new URL(/^https?:/.test(path) ? path : this.url + path);
    const headers = new Headers(content.headers);
    // A result's address is signed, and may be on another host.
    if (this.apiKey && target.host === this.#host) headers.set("Authorization", `Bearer ${this.apiKey}`);
    const response = await fetch(target, { method, headers, body: content.body ?? null, signal });
    if (!response.ok) throw await errorOf(response);
    return response;
  }
}

export const json = <T>(response: Response): Promise<T> => response.json() as Promise<T>;
export const bytesOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer());
export const nothing = async (): Promise<void> => {};

/** Fields as the content of a request. */
export function jsonContent(fields: object): Content {
  return { body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } };
}

/** Fields as a query; a list becomes repeated fields. */
export function query(fields: object): string {
  const given = Object.entries(fields).flatMap(([name, value]) => [value ?? []].flat().map((one) => [name, String(one)]));
  return new URLSearchParams(given).toString();
}

/** A key unlike any other. `crypto` is absent from Node 18, and from pages without TLS. */
export function newKey(): string {
  return Array.from({ length: 4 }, () => Math.random().toString(36).slice(2)).join("");
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

function hostOf(address: string): string {
  const parsed = /^https?:\/\/[^\s?#]+$/i.test(address) ? parsedUrl(address) : null;
  if (parsed && !parsed.username && !parsed.password) return parsed.host; // fetch refuses a password in an address
  const expected = "http://HOST or https://HOST expected, with a port and a path at most";
  const shown = JSON.stringify(address.replace(/\/\/[^/]*@/, "//…@").slice(0, 200)); // without a password
  throw new CutoutError("validation_error", `The service's address: ${expected}, not ${shown}`);
}

/** `URL.canParse` is absent from Node 18.0. */
function parsedUrl(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
