// Batches against a service with the models `local_isnet`, `local_u2netp` (0.005 USD) and `broken`.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { type BatchItem, Client, CutoutError } from "cutout-shotgun";

const client = new Client(process.argv[2]);
const photo = await readFile("photo.png");
const refusal = (type: string, message: RegExp) => (error: unknown) =>
  error instanceof CutoutError && error.type === type && message.test(error.message);

// Files, by their own names and without; one is no picture. Each result comes once, then they are one ZIP.
const pictures = [new File([new Uint8Array(photo)], "mugs/blue.png"), photo, new Blob(["no picture"])];
assert.equal((await client.estimate("local_u2netp", { pictures: pictures.length })).estimate_usd, 0.015);
const batchId = await client.submitBatch(pictures, ["local_isnet", "local_u2netp"], { background: photo, max_cost_usd: 1 });
const items: BatchItem[] = [];
for await (const item of client.batchResults(batchId)) items.push(item);
items.sort((one, other) => one.number - other.number);
assert.deepEqual(items.map((one) => [one.name, one.status]), [
  ["mugs/blue.png", "completed"], ["picture-2", "completed"], ["picture-3", "failed"],
]);
assert.equal((await client.bytes(items[0]!))[0], 0x89);
await assert.rejects(client.bytes(items[2]!), refusal("invalid_format", /./));
const batch = await client.waitBatch(batchId);
assert.deepEqual([batch.status, batch.counts.failed, batch.items_total], ["partial", 1, 3]);
assert.deepEqual((await client.batch(batchId, { after: 1, limit: 1 })).items.map((one) => one.number), [2]);
await writeFile("batch.zip", client.batchZip(batchId));
assert.equal((await client.cancelBatch(batchId)).status, "partial");
await client.forgetBatch(batchId);
await assert.rejects(client.batch(batchId), refusal("not_found", /./));

// Addresses, with a picture behind; this one may not be fetched. A ZIP is there at the end.
const fetched = await client.submitBatch(["http://127.0.0.1:9/a.png"], "local_isnet", { background: photo });
assert.match((await client.waitBatch(fetched)).items[0]?.error ?? "", /public/);

// What is wrong.
await assert.rejects(client.submitBatch([photo, "http://a.test/b.png"]), refusal("validation_error", /Either files or addresses/));
await assert.rejects(client.submitBatch([]), refusal("missing_image", /One of images, image_urls and source/));
await assert.rejects(client.submitBatch([photo], "local_u2netp", { max_cost_usd: 0.001 }), refusal("validation_error", /max_cost_usd/));
const zip = client.batchZip("7f1d9c58-0b4b-4a58-9d5c-8f4a1f0d2c11");
await assert.rejects(zip.next(), refusal("not_found", /No such batch/));
