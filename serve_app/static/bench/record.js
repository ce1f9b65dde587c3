/** What is remembered of an entry on the bench: the cutout that stands for it, and a small picture of that. */

import { keep } from "../kept/store.js";
import { thumbnail } from "../pictures/thumbnails.js";

/** Its job has begun; it is found again by its id. */
export async function recordStart(entry, jobId) {
  entry.jobId = jobId;
  await keep(entry);
}

/** Its job has ended. Until somebody picks one, the service's own choice stands for it, or the first cutout. */
export async function recordEnd(entry, summary, offered) {
  entry.winner ??= summary.selected_model_id ?? offered[0]?.model.model_id ?? null;
  entry.state = "done";
  const stored = offered.filter(({ told }) => told.body.image_url);
  entry.results = stored.map(({ model, told: { body, jobId } }) => ({
    id: model.model_id, name: model.model_name, url: body.image_url, jobId,
  }));
  await recordWinner(entry, offered);
}

/** A cutout is picked, perhaps one that has just been mended: the address of its file is asked for when it is wanted. */
export async function recordPick(entry, card, offered) {
  const { id, body } = card.told;
  if (!body.image_url) entry.results = entry.results?.filter((one) => one.id !== id);
  Object.assign(entry, { winner: id, picked: true, finished: null });
  await recordWinner(entry, offered);
}

/** A pick is undone; its cutout stands for the entry all the same. */
export async function recordUndo(entry) {
  entry.picked = false;
  await keep(entry);
}

async function recordWinner(entry, offered) {
  await keep(entry); // before its small picture is made: the page may be reloaded meanwhile
  const card = offered.find(({ model }) => model.model_id === entry.winner);
  if (!card) return;
  entry.thumb = await thumbnail(card.cutout.plain.blob);
  await keep(entry);
}
