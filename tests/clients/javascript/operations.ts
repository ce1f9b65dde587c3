// Each operation of the client against a service with the models `local_isnet`, `local_u2netp` (0.005 USD) and `broken`.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Client, CutoutError, type JobEvent } from "cutout-shotgun";

const client = new Client(process.argv[2]);
const photo = await readFile("photo.png");
const isPng = (file: Uint8Array) => file[0] === 0x89 && file[1] === 0x50;
const refusal = (type: string, message: RegExp) => (error: unknown) => {
  assert(error instanceof CutoutError, String(error));
  assert.equal(error.type, type);
  assert.match(error.message, message);
  return true;
};

// Pictures, by bytes and as a Blob; every model's cutout or its reason.
assert(isPng(await client.remove(photo, "local_isnet")));
assert(isPng(await client.remove(new Blob([new Uint8Array(photo)]), "fused")));
const job = await client.removeBackground(photo);
assert.deepEqual(job.results.map((one) => one.error ?? null), [null, null, "out of ink"]);
assert.equal(job.total_cost_usd, 0.005);
assert(isPng(await client.bytes(job.results[0]!)));
await assert.rejects(client.bytes(job.results[2]!), refusal("processing_error", /out of ink/));
const behind = await client.removeBackground(photo, ["local_isnet"], { background: photo, crop: true, response_format: "url" });
assert(isPng(await client.bytes(behind.results[0]!)));

// Sizes.
const [enlarged] = (await client.process(photo, "local_isnet", 2)).results;
assert.deepEqual(enlarged?.output_dimensions, { width: 48, height: 48 });
const upscaled = await client.upscale(photo, 4, { output_format: "webp" });
assert.deepEqual(upscaled.output_dimensions, { width: 96, height: 96 });

// What costs nothing: another finish, a price, a vote.
const composed = await client.compose(job.job_id, ["local_isnet"], { output_type: "mask", background: null });
assert.equal(composed.total_cost_usd, 0);
assert.equal((await client.estimate(["local_isnet", "local_u2netp"], { local_only: false })).estimate_usd, 0.005);
assert.equal((await client.logSelection(job.job_id, "local_isnet", { notes: "clean" })).status, "logged");
assert((await client.stats()).total.picks > 0);
assert.deepEqual((await client.models()).map((model) => model.id), ["local_isnet", "local_u2netp", "broken"]);

// Cards as they arrive, then one job with all of them.
const cards: JobEvent[] = [];
for await (const event of client.stream(photo, "all", { upscale_factor: 2 })) cards.push(event);
assert.deepEqual([cards[0]?.event, cards.at(-1)?.event], ["started", "summary"]);
const done = cards.flatMap((one) => (one.event === "finished" ? [one] : []));
assert.deepEqual(done.map((one) => one.model_id).sort(), ["local_isnet", "local_u2netp"]);
assert(isPng(await client.bytes(done[0]!)));
assert.deepEqual(cards.flatMap((one) => (one.event === "failed" ? [one.model_id, one.error] : [])), ["broken", "out of ink"]);
for await (const event of client.stream(photo, "local_isnet")) {
  if (event.event !== "started") continue;
  assert.equal((await client.wait(event.job_id)).status, "completed");
  break;
}

// A mended cutout, and a link to it.
const mask = await client.bytes(composed.results[0]!);
const edited = await client.edit(job.job_id, "local_isnet", mask);
assert.equal(edited.model_id, "edited");
assert(isPng(await client.bytes(edited)));
await assert.rejects(client.edit(job.job_id, "broken", mask), refusal("validation_error", /model_id: a cutout/));
await assert.rejects(client.edit(job.job_id, "local_isnet", new Blob(["no mask"])), refusal("invalid_format", /./));
const link = await client.share(job.job_id, ["edited"], { expires_s: 3600, title: "Mug" });
assert.deepEqual(link.models, ["edited"]);
assert.equal((await fetch(link.share_url)).status, 200);
await assert.rejects(client.share("7f1d9c58-0b4b-4a58-9d5c-8f4a1f0d2c11"), refusal("not_found", /No such job/));

// Durable jobs.
const jobId = await client.submit(photo, ["local_isnet", "broken"], { upscale_factor: 2 });
const events: JobEvent[] = [];
for await (const event of client.events(jobId)) events.push(event);
assert.deepEqual([...new Set(events.map((one) => one.event))].sort(), ["failed", "finished", "started", "summary"]);
const ended = await client.wait(jobId);
assert.equal(ended.status, "partial");
assert(isPng(await client.bytes(ended.results.find((one) => !one.error)!)));
assert.equal((await client.job(jobId)).status, "partial");
assert.deepEqual((await client.jobs({ job_ids: [jobId, job.job_id], limit: 5 })).jobs.map((one) => one.job_id), [jobId, job.job_id]);
assert.equal((await client.cancel(jobId)).status, "partial");
await client.forget(jobId);
await assert.rejects(client.job(jobId), refusal("not_found", /./));
await assert.rejects(client.wait(await client.submit(photo, "broken")), refusal("processing_error", /broken: out of ink/));

// What is wrong is said by the service, or before it is asked.
await assert.rejects(client.remove(new Blob(["no picture"])), refusal("invalid_format", /./));
await assert.rejects(client.remove("http://127.0.0.1:9/photo.png", "local_isnet"), refusal("validation_error", /public/));
await assert.rejects(client.removeBackground("photo.png"), refusal("validation_error", /read the file first/));
const addresses = ["", "localhost:8000", "ftp://x", "http://", "http://a b", "http://a:99999", "http://[::1", "http://a/?b"];
assert.throws(() => new Client("http://ada:secret@c"), refusal("validation_error", /most, not "http:\/\/…@c"$/));
for (const address of addresses) assert.throws(() => new Client(address), refusal("validation_error", /http:\/\/HOST or/));
for (const apiKey of ["two words", "line\nline", "…"]) {
  assert.throws(() => new Client("http://a", { apiKey }), refusal("validation_error", /The API key: ASCII/));
}
const nobody = new Client("http://127.0.0.1:9", { tries: 1 });
await assert.rejects(nobody.models(), refusal("service_unavailable", /127\.0\.0\.1:9 could not be reached/));
