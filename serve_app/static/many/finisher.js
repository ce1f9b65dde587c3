/** Gives pictures of runs their finish, by the service and without a model, a few at a time; it goes on after a reload. */

import { isForgotten, keep } from "../kept/store.js";
import { thumbnail } from "../pictures/thumbnails.js";
import { compose, wordsOf } from "../service/service.js";

const AT_ONCE = 3; // the service lets a caller do four things at a time, and a preview may be one

/** The finish that was chosen last for an entry, as finish/fields.js has it, with an `id`; null: as it was cut out. */
export const finishOf = (entry) => entry.finishes.at(-1) ?? null;

/** What has become of that finish: `{file, thumb}`, or `{reason}` where it failed; null as long as it is not made. */
export function finishedOf({ finishes, finished, winner }) {
  return finished && finished.id === finishes.at(-1)?.id && finished.winner === winner ? finished : null;
}

const isDue = (entry) => entry.state === "done" && finishOf(entry) && !finishedOf(entry) && !isForgotten(entry);

/** Dispatches `change`, with the entry as its detail, at every step of an entry. */
export class Finisher extends EventTarget {
  #waiting = new Set();
  #going = new Set();

  /** Choose a finish for entries; those that are still at work get it when they are cut out. */
  apply(entries, finish) {
    const chosen = { id: Date.now(), ...finish };
    for (const entry of entries) entry.finishes.push(chosen);
    this.#chosen(entries);
  }

  /** Take the last finish back that was chosen for any of these entries. */
  undo(entries) {
    const last = Math.max(...entries.map((entry) => finishOf(entry)?.id ?? 0));
    const those = entries.filter((entry) => finishOf(entry)?.id === last);
    for (const entry of those) entry.finishes.pop();
    this.#chosen(those);
  }

  /** Try a finish again that failed. */
  again(entry) {
    entry.finished = null;
    this.#chosen([entry]);
  }

  /** Finish what is cut out and has not got the finish that was chosen for it. */
  add(entries) {
    for (const entry of entries) if (isDue(entry) && !this.#going.has(entry)) this.#waiting.add(entry);
    this.#pump();
  }

  #chosen(entries) {
    for (const entry of entries) this.#tell(entry);
    keep(...entries);
    this.add(entries);
  }

  #pump() {
    for (const entry of this.#waiting) {
      if (this.#going.size >= AT_ONCE) return;
      this.#waiting.delete(entry);
      if (isDue(entry)) this.#finish(entry);
    }
  }

  async #finish(entry) {
    const { winner } = entry;
    const finish = finishOf(entry);
    this.#going.add(entry);
    const made = await finished(entry, finish);
    this.#going.delete(entry);
    if (entry.winner === winner && finishOf(entry) === finish) {
      entry.finished = { id: finish.id, winner, ...made };
      this.#tell(entry);
      keep(entry);
    }
    this.add([entry]); // another finish or another cutout may have been chosen meanwhile
  }

  #tell(entry) {
    this.dispatchEvent(new CustomEvent("change", { detail: entry }));
  }
}

async function finished(entry, { fields, type }) {
  try {
    const file = await compose(jobOf(entry), { include_models: entry.winner, ...fields }, type);
    return { file, thumb: await thumbnail(file) };
  } catch (fault) {
    return { reason: wordsOf(fault) };
  }
}

/** The job of an entry's winner: a model that was asked again has one of its own. */
export const jobOf = ({ jobId, winner, results }) => results.find(({ id }) => id === winner)?.jobId ?? jobId;
