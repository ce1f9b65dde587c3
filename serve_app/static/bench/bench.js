/** The bench: one picture, its cutouts side by side, and the pick. */

import { addressOf } from "../frame/views.js";
import { hush, say, tell } from "../frame/voice.js";
import { count, money, percent, size, time } from "../frame/words.js";
import { verdict } from "../look/verdict.js";
import { Picture } from "../pictures/pictures.js";
import { cutOut, eventsOf, job, pictureAt, wordsOf } from "../service/service.js";
import { watchBackdrop } from "./backdrop.js";
import { Board } from "./board.js";
import { Files } from "./files.js";
import { NONE, Pick } from "./pick.js";
import { recordEnd, recordPick, recordStart, recordUndo } from "./record.js";
import { alike, slowWords } from "./sending.js";
import { Subject } from "./subject.js";
import { Taking } from "./taking.js";
import { Viewport } from "./viewport.js";
import { Wipe } from "./wipe.js";

const byId = (id) => document.getElementById(id);
const NOTICE_MS = 400; // a picture that is sent faster needs no message
const PIXELS_FROM = 3; // screen pixels a picture's pixel, from which on pixels are shown as squares

/** `knowledge` says what is known of models by id; `started(entry)` is called when a picture is on the bench. */
export class Bench {
  #opening = null; // what is to come on the bench once the service has started
  #running = null;
  #words = ""; // about the job
  subject = new Subject(this);
  entry = null; // what is on the bench, as kept/store.js has it
  summary = null; // the last event of its job

  constructor(knowledge, started) {
    this.knowledge = knowledge;
    this.started = started;
    this.viewport = new Viewport(byId("table"), () => this.#tellZoom());
    this.wipe = new Wipe(byId("wipe"), byId("table"));
    this.pick = new Pick(byId("pick"), (pick) => this.#changed(pick));
    const acts = { picked: (card) => this.choose(card), again: (model) => this.#again(model) };
    this.board = new Board(byId("cards"), byId("skipped"), (stage) => this.#attach(stage), acts);
    const sizes = new ResizeObserver(() => this.#tellZoom());
    for (const id of ["cards", "panel"]) sizes.observe(byId(id));
    this.files = new Files(byId("format"), byId("table"));
    this.taking = new Taking(this, byId("cards"), byId("zip"), byId("pick"));
    watchBackdrop(byId("behind"), byId("colour"), byId("table"));
    byId("none").addEventListener("click", () => this.chooseNone());
    byId("zoom").addEventListener("click", (event) => this.zoom(event.target.dataset.zoom));
  }

  /** Somebody goes elsewhere: what the service has not started yet is kept, but does not come on the bench any more. */
  leave() {
    this.#opening = null;
  }

  /**
   * Show an entry's cutouts as they come, of the job that it has or else of a new one; whether it could be opened. What
   * is on the bench stays until the service has started; of several that are opened at once the last one comes. Of an
   * address nobody sees the original: the service alone asks another host; nor of a file that the browser does not show
   * as the service has read it.
   */
  async open(entry, blind) {
    const original = entry.source instanceof Blob ? new Picture(entry.source) : null;
    const seen = original?.shownSize();
    const stop = new AbortController();
    const slow = setTimeout(() => tell(slowWords(entry), "notice"), NOTICE_MS);
    const coming = [];
    let begun = false;
    this.#opening = stop;
    hush();
    try {
      for await (const event of eventsOf(entry, stop.signal)) {
        clearTimeout(slow);
        if (begun && this.#running !== stop) break; // another picture took its place
        if (event.event === "started") {
          recordStart(entry, event.job_id);
          const beside = await alike(original, seen, event);
          if (this.#opening !== stop) return this.#forgo(stop, original);
          this.#begin(event, entry, beside, blind, stop);
        } else if (event.event === "summary") await this.#end(event, coming);
        else if (event.model_id) coming.push(this.#settle(event, entry));
        begun = true;
      }
    } catch (fault) {
      clearTimeout(slow);
      if (fault.name === "AbortError") return true;
      const reason = wordsOf(fault);
      tell(reason);
      if (begun) this.board.end(reason);
      else original?.release();
    }
    return begun;
  }

  /** Pick a card. */
  choose(card) {
    if (card?.cutout) this.#choose(card.model.model_id, card.jobId, () => card.name);
  }

  /** Pick the card at a place of the board, from 1. */
  chooseNumber(number) {
    this.choose(this.board.cards[number - 1]);
  }

  /** Pick none of them. */
  chooseNone() {
    if (byId("none").disabled) return;
    this.#choose(NONE, this.jobId, () => "none of them");
  }

  #choose(id, jobId, name) {
    this.pick.choose({ id, jobId, name, shown: this.board.shown(jobId) });
  }

  /** The picked card, if there is one. */
  get picked() {
    return this.board.offered.find(({ model }) => model.model_id === this.pick.choice?.id);
  }

  /** Put a result of the job beside the others, or in the place of one with the same id; see Subject. */
  add(result, blob) {
    this.board.settle(result, new Picture(blob));
    const { entry, board, picked } = this;
    if (picked?.model.model_id === result.model_id) recordPick(entry, picked, board.offered); // it was mended once more
    this.#tellSubject();
  }

  /** Zoom `in` or `out`, or `fit`. */
  zoom(how) {
    if (how === "in") this.viewport.zoomBy(1.5);
    if (how === "out") this.viewport.zoomBy(1 / 1.5);
    if (how === "fit") this.viewport.fit();
  }

  /** Show all names of a blind job. */
  reveal() {
    if (!this.board.cards.length) return;
    this.board.reveal();
    this.#changed(this.pick);
    this.#tellJob();
  }

  #forgo(stop, original) {
    stop.abort();
    if (!this.#opening) hush("notice"); // else it is about what comes
    original?.release();
    return true;
  }

  #begin(event, entry, original, blind, stop) {
    this.#running?.abort();
    this.#running = stop;
    hush("notice");
    Object.assign(this, { entry, jobId: event.job_id, cost_usd: 0, summary: null });
    this.board.open(event, original, event.input_dimensions, this.knowledge, blind && !entry.picked);
    this.pick.open(entry.picked ? this.#pickedBefore(entry) : null);
    this.viewport.fit();
    byId("wipe").disabled = !original;
    byId("cards").classList.toggle("alone", !original);
    if (!original) this.wipe.set(0);
    byId("picture-name").textContent = entry.name;
    byId("to-run").hidden = !entry.run;
    byId("to-run").href = addressOf("many", entry.run);
    byId("zip").disabled = true;
    byId("none").disabled = true;
    this.#count();
    this.started(entry);
    this.subject.dispatchEvent(new Event("open"));
    say(`Sent to ${count(this.board.cards.length, "model")}.`);
  }

  #pickedBefore({ winner, jobId }) {
    const name = () => this.board.offered.find(({ model }) => model.model_id === winner)?.name ?? winner;
    return { id: winner, jobId, name };
  }

  async #settle(result, entry, jobId = this.jobId) {
    const blob = result.image_url ? await pictureAt(result.image_url) : null;
    if (entry !== this.entry) return;
    this.cost_usd += result.cost_usd;
    this.board.settle(result, blob && new Picture(blob), jobId);
    this.#tellSubject();
    this.#count();
    if (!this.board.blind) say(blob ? `${result.model_name} is done.` : `${result.model_name} gave no cutout.`);
  }

  async #end(summary, coming) {
    const { entry } = this;
    for (const jobId of entry.retried) coming.push(...(await this.#others(jobId, entry)));
    await Promise.all(coming);
    if (entry !== this.entry) return;
    this.summary = summary;
    this.board.end("No answer.", summary.skipped);
    this.pick.end();
    const { length } = this.board.offered;
    this.#words = `${count(length, "cutout")} of ${this.board.cards.length} in ${time(summary.processing_time_ms)}`;
    this.#changed(this.pick);
    this.#tellJob();
    if (length) say(`All done: ${this.#words}.`);
    else tell("There is no cutout of this picture; each card says why.");
    await recordEnd(entry, summary, this.board.offered);
  }

  /** The results of a job of one model that was asked again. */
  async #others(jobId, entry) {
    const { results } = await job(jobId);
    return results.map((result) => this.#settle(result, entry, jobId));
  }

  /** Ask a model again, or one that was left out, in a job of its own. */
  async #again(model) {
    const { entry } = this;
    if (!entry.source) return tell("Drop the picture again to ask other models.");
    const card = this.board.waiting(model);
    try {
      const key = `${entry.key}-${++entry.tries}`;
      const { job_id, results } = await cutOut(entry.source, key, { include_models: model.model_id });
      entry.retried.push(job_id);
      await this.#settle(results[0], entry, job_id);
      this.#changed(this.pick);
      this.#tellJob();
      await recordEnd(entry, this.summary, this.board.offered);
    } catch (fault) {
      card.fail(wordsOf(fault));
    }
  }

  #changed(pick) {
    if (pick.state === "logged" && this.board.blind) {
      pick.locked = true;
      this.board.reveal();
      this.#tellJob();
    }
    const { length } = this.board.offered;
    this.board.mark(pick.choice?.id, !pick.locked);
    byId("none").setAttribute("aria-pressed", pick.choice?.id === NONE);
    byId("none").disabled = pick.locked || !this.summary || !length;
    byId("zip").disabled = !this.summary || !length;
    this.#recommend();
    this.#record(pick);
    this.#tellSubject();
  }

  /** Name the cutout that the service would choose, where there is a choice, and no names are hidden. */
  #recommend() {
    const { offered, blind } = this.board;
    const best = offered.find(({ model }) => model.model_id === this.summary?.selected_model_id);
    if (best && offered.length > 1 && !blind) best.recommend(verdict(this.summary, this.subject.results));
  }

  #record({ choice }) {
    const { entry, picked } = this;
    const isRecorded = entry.picked && (!picked || entry.winner === choice.id);
    if (picked && !isRecorded) recordPick(entry, picked, this.board.offered);
    if (!choice && entry.picked) recordUndo(entry);
  }

  #tellSubject() {
    this.subject.dispatchEvent(new Event("change"));
  }

  #count() {
    if (!this.summary) this.#words = `${this.board.done} of ${this.board.cards.length} done`;
    this.#tellJob();
  }

  #tellJob() {
    const { width, height } = this.board.size;
    const price = this.board.blind || !this.cost_usd ? [] : [money(this.cost_usd)]; // a price would reveal the model
    byId("job-words").textContent = [`${size(width, height)} px`, this.#words, ...price].join(" · ");
  }

  #attach(stage) {
    this.viewport.attach(stage);
    this.wipe.attach(stage);
  }

  #tellZoom() {
    const stage = byId("panel").querySelector(".stage") ?? this.board?.cards[0]?.stage; // the large one, if there is one
    if (!stage) return;
    const { width, height } = this.board.size;
    const scale = Math.min(stage.clientWidth / width, stage.clientHeight / height) * this.viewport.zoom;
    byId("zoom").querySelector("output").textContent = percent(scale);
    byId("table").classList.toggle("pixels", scale * devicePixelRatio >= PIXELS_FROM);
  }
}
