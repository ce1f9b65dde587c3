/** Sends the pictures of runs, a few at a time, until each has its cutouts; what waits goes on after a reload. */

import { keep, rename } from "../kept/store.js";
import { thumbnail } from "../pictures/thumbnails.js";
import { ServiceError, plainly } from "../service/plain.js";
import { eventsOf, job, pictureAt, wordsOf } from "../service/service.js";
import { waited } from "../service/waits.js";

const AT_ONCE = 4;
const AWAY_S = 5; // until a service that cannot be reached is asked again
const AWAY_TRIES = 60;

/** Dispatches `change`, with the entry as its detail, at every step of an entry. */
export class Queue extends EventTarget {
  #waiting = [];
  #going = 0;

  /** Send entries, each once. */
  add(entries) {
    this.#waiting.push(...entries.filter((entry) => !this.#waiting.includes(entry) && entry.state === "waiting"));
    this.#pump();
  }

  /** Take entries that are not sent yet back; those. */
  withdraw(run) {
    const back = this.#waiting.filter((entry) => entry.run === run);
    this.#waiting = this.#waiting.filter((entry) => entry.run !== run);
    return back;
  }

  /** Send an entry again; a job that failed would fail again, so that it becomes another one. */
  async again(entry) {
    this.#step(entry, { state: "waiting", reason: null });
    if (!entry.away) {
      entry.jobId = null;
      await rename(entry, `${entry.key.slice(0, 32)}-${++entry.tries}`);
    }
    this.add([entry]);
  }

  /** Make another result stand for an entry. */
  async choose(entry, id) {
    entry.winner = id;
    entry.thumb = await thumbnail(await winnerOf(entry));
    await keep(entry);
    this.#step(entry, {});
  }

  #pump() {
    while (this.#going < AT_ONCE && this.#waiting.length) {
      this.#going++;
      this.#send(this.#waiting.shift());
    }
  }

  async #send(entry) {
    this.#step(entry, { state: "working" });
    let answer = null;
    try {
      answer = await answered(entry);
    } catch (fault) {
      this.#step(entry, { state: "failed", reason: wordsOf(fault), away: Boolean(fault.cause) });
    } finally {
      this.#going--;
      this.#pump();
    }
    if (answer) await this.#finish(entry, answer);
    await keep(entry);
  }

  async #finish(entry, answer) {
    const results = resultsOf(answer);
    const winner = answer.selected_model_id ?? results[0].id;
    Object.assign(entry, { jobId: answer.job_id, results, winner, cost_usd: answer.total_cost_usd });
    entry.check = answer.needs_review && results.length > 1 ? answer.review_reason : null; // one alone is never sure
    try {
      entry.thumb = await thumbnail(await winnerOf(entry));
      this.#step(entry, { state: "done" });
    } catch (fault) {
      this.#step(entry, { state: "failed", reason: wordsOf(fault), away: true });
    }
  }

  #step(entry, changes) {
    Object.assign(entry, changes);
    this.dispatchEvent(new CustomEvent("change", { detail: entry }));
  }
}

/** The cutout that stands for an entry, whole; its address is asked for where it is not known, or has expired. */
export async function winnerOf(entry) {
  const find = () => entry.results.find(({ id }) => id === entry.winner);
  try {
    if (find()) return await pictureAt(find().url);
  } catch (fault) {
    wordsOf(fault);
  }
  const jobs = await Promise.all([entry.jobId, ...entry.retried].map(job));
  entry.results = jobs.flatMap(resultsOf);
  return pictureAt((find() ?? entry.results[0]).url);
}

function resultsOf({ job_id: jobId, results }) {
  const cutouts = results.filter((one) => one.image_url);
  return cutouts.map((one) => ({ id: one.model_id, name: one.model_name, url: one.image_url, jobId }));
}

/** The last event of an entry's job; a service that is away is waited for. */
async function answered(entry) {
  for (let tries = 1; ; tries++) {
    try {
      return await ended(entry);
    } catch (fault) {
      if (!fault.cause || tries >= AWAY_TRIES) throw fault;
      await waited(AWAY_S);
    }
  }
}

/** As `answered`; the job's id is kept once it is known, so that after a reload the picture is not sent again. */
async function ended(entry) {
  for await (const event of eventsOf(entry)) {
    if (event.event === "summary") return whole(event);
    if (entry.jobId || event.event !== "started") continue;
    entry.jobId = event.job_id;
    keep(entry);
  }
}

function whole(summary) {
  if (resultsOf(summary).length) return summary;
  throw new ServiceError(plainly({ type: "processing_error", reason: summary.results[0]?.error }));
}
