/** The bench: one picture, its cutouts side by side, and the pick. */

import { zip } from "../pictures/archive.js";
import { Picture, download, stem } from "../pictures/pictures.js";
import { fire, wordsOf } from "../service/service.js";
import { hush, say, tell } from "../frame/voice.js";
import { bytes, count, money, percent, size, time } from "../frame/words.js";
import { watchBackdrop } from "./backdrop.js";
import { Board } from "./board.js";
import { Files } from "./files.js";
import { NONE, Pick } from "./pick.js";
import { Subject } from "./subject.js";
import { Viewport } from "./viewport.js";
import { Wipe } from "./wipe.js";

const byId = (id) => document.getElementById(id);
const NOTICE_MS = 400; // a picture that is sent faster needs no message
const PIXELS_FROM = 3; // screen pixels a picture's pixel, from which on pixels are shown as squares

/** `knowledge` says what is known of models by id; `started()` is called when a picture is on the bench. */
export class Bench {
  #running = null;
  subject = new Subject(this);
  summary = null; // the last event of the job on the bench

  constructor(knowledge, started) {
    this.knowledge = knowledge;
    this.started = started;
    this.viewport = new Viewport(byId("table"), () => this.#tellZoom());
    this.wipe = new Wipe(byId("wipe"), byId("table"));
    this.pick = new Pick(byId("pick"), (pick) => this.#picked(pick));
    this.board = new Board(byId("cards"), byId("skipped"), (stage) => this.#attach(stage), (card) => this.choose(card));
    const sizes = new ResizeObserver(() => this.#tellZoom());
    for (const id of ["cards", "panel"]) sizes.observe(byId(id));
    this.files = new Files(byId("format"), byId("table"));
    watchBackdrop(byId("behind"), byId("colour"), byId("table"));
    byId("cards").addEventListener("click", (event) => this.#download(event));
    byId("none").addEventListener("click", () => this.chooseNone());
    byId("zip").addEventListener("click", () => this.#downloadAll());
    byId("zoom").addEventListener("click", (event) => this.zoom(event.target.dataset.zoom));
  }

  /**
   * Send a picture, a file or an address, to `models`, and show what comes. What is on the bench stays until the service
   * has started. Of an address nobody sees the original: the service alone asks another host; nor of a file that the
   * browser does not show as the service has read it.
   */
  async fire(subject, blind, models) {
    const byAddress = typeof subject === "string";
    const file = byAddress ? { name: nameOf(subject) } : subject;
    const original = byAddress ? null : new Picture(file);
    const seen = original?.shownSize();
    const stop = new AbortController();
    const words = byAddress ? `Fetching ${file.name} …` : `Sending ${file.name}, ${bytes(file.size)} …`;
    const slow = setTimeout(() => tell(words, "notice"), NOTICE_MS);
    let begun = false;
    hush();
    try {
      for await (const event of fire(subject, models, stop.signal)) {
        clearTimeout(slow);
        if (begun && this.#running !== stop) return; // another picture took its place
        if (event.event === "started") this.#begin(event, file, await alike(original, seen, event), blind, stop);
        else if (event.event === "summary") this.#end(event);
        else this.#settle(event);
        begun = true;
      }
    } catch (fault) {
      clearTimeout(slow);
      if (fault.name === "AbortError") return;
      const reason = wordsOf(fault);
      tell(reason);
      if (begun) this.board.end(reason);
      else original?.release();
    }
  }

  /** Pick a card. */
  choose(card) {
    if (card?.cutout) this.pick.choose({ id: card.model.model_id, name: () => card.name });
  }

  /** Pick the card at a place of the board, from 1. */
  chooseNumber(number) {
    this.choose(this.board.cards[number - 1]);
  }

  /** Pick none of them. */
  chooseNone() {
    if (!byId("none").disabled) this.pick.choose({ id: NONE, name: () => "none of them" });
  }

  /** Put a result of the job beside the others, or in the place of one with the same id; see Subject. */
  add(result, blob) {
    this.board.add(result, blob);
    this.#tellSubject();
  }

  /** Add the keys of the bench; they do nothing while it is hidden. */
  addKeys(shortcuts) {
    const add = (keys, shown, words, press) =>
      shortcuts.add(keys, shown, words, (key) => byId("bench").checkVisibility() && press(key));
    add([..."123456789"], ["1", "…", "9"], "pick that cutout", (key) => this.chooseNumber(Number(key)));
    add(["0"], ["0"], "none of them is good", () => this.chooseNone());
    add(["u"], ["U"], "undo a pick that is not logged yet", () => this.pick.undo());
    add(["+", "="], ["+"], "zoom in", () => this.zoom("in"));
    add(["-"], ["−"], "zoom out", () => this.zoom("out"));
    add(["f"], ["F"], "fit the whole picture", () => this.zoom("fit"));
    add([], ["←", "↑", "→", "↓"], "pan, while a picture has the focus", () => false);
  }

  /** Zoom `in` or `out`, or `fit`. */
  zoom(how) {
    if (how === "in") this.viewport.zoomBy(1.5);
    if (how === "out") this.viewport.zoomBy(1 / 1.5);
    if (how === "fit") this.viewport.fit();
  }

  /** Show all names of a blind job. */
  reveal() {
    this.board.reveal();
    this.#picked(this.pick);
  }

  #begin(event, file, original, blind, stop) {
    this.#running?.abort();
    this.#running = stop;
    hush("notice");
    this.pick.open(event.job_id);
    this.viewport.fit();
    this.board.open(event, original, event.input_dimensions, this.knowledge, blind);
    byId("wipe").disabled = !original;
    byId("cards").classList.toggle("alone", !original);
    if (!original) this.wipe.set(0);
    Object.assign(this, { file, jobId: event.job_id, cost_usd: 0, summary: null });
    byId("picture-name").textContent = file.name;
    byId("zip").disabled = true;
    byId("none").disabled = true;
    this.#count();
    this.started();
    this.subject.dispatchEvent(new Event("open"));
    say(`Sent to ${count(this.board.cards.length, "model")}.`);
  }

  #settle(result) {
    this.cost_usd += result.cost_usd;
    this.board.settle(result);
    this.#tellSubject();
    this.#count();
    if (!this.board.blind) {
      say(result.image_base64 ? `${result.model_name} is done.` : `${result.model_name} failed: ${result.error}`);
    }
  }

  #end(summary) {
    this.summary = summary;
    this.board.end("No answer.");
    this.pick.end();
    const { length } = this.board.offered;
    byId("none").disabled = byId("zip").disabled = !length;
    const all = `${count(length, "cutout")} of ${this.board.cards.length} in ${time(summary.processing_time_ms)}`;
    this.#tellJob(all, summary.total_cost_usd);
    this.#tellSubject();
    if (length) say(`All done: ${all}.`);
    else tell("Every model failed; each card says why.");
  }

  #picked(pick) {
    if (pick.state === "logged" && this.board.blind) {
      pick.locked = true;
      this.board.reveal();
    }
    this.board.mark(pick.choice?.id, !pick.locked);
    byId("none").setAttribute("aria-pressed", pick.choice?.id === NONE);
    byId("none").disabled = pick.locked || !this.board.offered.length;
    this.#tellSubject();
  }

  #tellSubject() {
    this.subject.dispatchEvent(new Event("change"));
  }

  #count() {
    this.#tellJob(`${this.board.done} of ${this.board.cards.length} done`, this.cost_usd);
  }

  #tellJob(words, cost_usd) {
    const { width, height } = this.board.size;
    const price = this.board.blind || !cost_usd ? [] : [money(cost_usd)]; // a price would reveal the model
    byId("job-words").textContent = [`${size(width, height)} px`, words, ...price].join(" · ");
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

  async #download(event) {
    const link = event.target.closest(".download");
    if (!link || this.files.isPlain) return; // the link itself has the picture
    event.preventDefault();
    const card = this.board.cards.find(({ element }) => element.contains(link));
    await busy(link, async () => download(await this.files.of(this.jobId, card), this.files.nameOf(card)));
  }

  async #downloadAll() {
    const name = stem(this.file.name);
    const { offered } = this.board;
    await busy(byId("zip"), async () => {
      const blobs = await Promise.all(offered.map((card) => this.files.of(this.jobId, card)));
      const members = offered.map((card, i) => [`${name}-${this.files.nameOf(card)}`, blobs[i]]);
      download(await zip(members), `${name}-cutouts.zip`);
    });
  }
}

/** The last part of an address's path, or its host. */
function nameOf(address) {
  const { host, pathname } = new URL(address);
  return pathname.split("/").pop() || host;
}

/**
 * The original, where the browser shows it, and at the size that the service has read. It does not where it cannot read
 * the format, as HEIC and TIFF, or holds the picture another way: then the two are not to be compared.
 */
async function alike(original, seen, { input_dimensions }) {
  if (!original) return null;
  const { width, height } = await seen;
  if (width === input_dimensions.width && height === input_dimensions.height) return original;
  original.release();
  return null;
}

/** Show `element` as busy while `work` runs; a service error is shown as a message. */
async function busy(element, work) {
  element.setAttribute("aria-busy", true);
  try {
    await work();
  } catch (fault) {
    tell(`The download failed. ${wordsOf(fault)}`);
  } finally {
    element.removeAttribute("aria-busy");
  }
}
