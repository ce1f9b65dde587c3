// The service refuses twice, and streams break after the first cutout; nothing is lost, and nothing comes twice.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Client, CutoutError, type JobEvent } from "cutout-shotgun";

const client = new Client(process.argv[2]);
const photo = await readFile("photo.png");
const models = ["local_isnet", "local_u2netp"];

async function told(events: AsyncIterable<JobEvent>): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) seen.push("model_id" in event ? event.model_id : event.event);
  return seen.sort();
}

const all = [...models, "started", "summary"];
assert.deepEqual(await told(client.events(await client.submit(photo, models))), all);
assert.deepEqual(await told(client.stream(photo, models, { refine: true })), all);
