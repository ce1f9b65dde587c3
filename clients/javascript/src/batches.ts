/** The operations on batches: many pictures under one id. */
import { type Connection, json, newKey, nothing, query } from "./connection.js";
import { CutoutError } from "./errors.js";
import { chunksOf } from "./events.js";
import { batchContent, type Picture } from "./pictures.js";
import { ended, hasEnded, states } from "./polling.js";
import type { AcceptedBatch, Batch, BatchItem, BatchOptions, BatchQuery, Models } from "./types.js";

/** Items of a page. */
const PAGE = 500;

/** The part of Client that is about batches. */
export class Batches {
  constructor(protected readonly connection: Connection) {}

  /**
   * Submit many pictures, and return the batch's id; it survives crashes. Then `batchResults`, or `waitBatch` and
   * `batchZip`, or get a webhook. They are files, which have their names as `File`, or addresses; or none, and `source`
   * and `prefix` name those in a store of the service's. `max_cost_usd` is of all together.
   */
  async submitBatch(pictures: readonly Picture[], models: Models = "all", options: BatchOptions = {}): Promise<string> {
    const content = await batchContent(pictures, { include_models: [models].flat(), ...options });
    const headers = { ...content.headers, "Idempotency-Key": newKey() };
    return (await this.connection.send("POST", "/batches", json<AcceptedBatch>, { ...content, headers })).batch_id;
  }

  /** A batch's state, and a page of its items. */
  batch(batchId: string, page: BatchQuery = {}): Promise<Batch> {
    return this.connection.send("GET", `/batches/${batchId}?${query(page)}`, json<Batch>);
  }

  /** Wait until a batch has ended; throws the error of the batch as a whole. */
  async waitBatch(batchId: string): Promise<Batch> {
    const batch = await ended(() => this.batch(batchId));
    if (batch.error) throw new CutoutError(batch.error.type, batch.error.message, batch.error);
    return batch;
  }

  /** Each picture's result as soon as it has ended, failures too. `bytes` gets its best cutout. */
  async *batchResults(batchId: string): AsyncGenerator<BatchItem, void> {
    const seen = new Set<number>();
    for await (const first of states(() => this.batch(batchId, { limit: PAGE }))) {
      for (let page = first; ; page = await this.batch(batchId, { limit: PAGE, after: page.next })) {
        const told = page.items.filter((item) => hasEnded(item) && !seen.has(item.number));
        for (const item of told) seen.add(item.number);
        yield* told;
        if (page.next === null) break;
      }
    }
  }

  /** The ZIP of a batch that has ended, in chunks: the best cutouts, named after their pictures, and `batch.json`. */
  async *batchZip(batchId: string): AsyncGenerator<Uint8Array, void> {
    const response = await this.connection.open("GET", `/batches/${batchId}/results.zip`);
    try {
      yield* chunksOf(response);
    } catch (fault) {
      throw this.connection.lost(fault);
    }
  }

  /** Cancel a batch: running jobs stop, finished ones stay. A batch that has ended does not change. */
  cancelBatch(batchId: string): Promise<Batch> {
    return this.connection.send("DELETE", `/batches/${batchId}`, json<Batch>);
  }

  /** Cancel a batch, and delete it with its jobs and their pictures. */
  forgetBatch(batchId: string): Promise<void> {
    return this.connection.send("DELETE", `/batches/${batchId}?forget=true`, nothing);
  }
}
