// The service refuses twice, and the stream breaks after the first cutout; nothing is lost, and nothing comes twice.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Client } from "cutout-shotgun";

const client = new Client(process.argv[2]);
const photo = await readFile("photo.png");

const jobId = await client.submit(photo, ["local_isnet", "local_u2netp"]);
const seen: string[] = [];
for await (const event of client.events(jobId)) seen.push("model_id" in event ? event.model_id : event.event);
assert.deepEqual(seen.sort(), ["local_isnet", "local_u2netp", "started", "summary"]);
