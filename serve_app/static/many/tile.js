/** One picture of a run: its thumbnail, how far it is, and the cutout or the finished picture that stands for it. */

import { addressOf } from "../frame/views.js";
import { Picture } from "../pictures/pictures.js";
import { thumbnailLater } from "../pictures/thumbnails.js";
import { finishOf, finishedOf } from "./finisher.js";

const WORDS = { waiting: "Waiting", working: "Working", done: "", failed: "" };
const inWindow = new IntersectionObserver((tiles) => {
  for (const { isIntersecting, target } of tiles) if (isIntersecting) target.dispatchEvent(new Event("seen"));
});
const template = document.getElementById("tile-template");

/** The tile of an entry; `next(entry)` shows another cutout, `again(entry)` tries again what failed. */
export class Tile {
  #before = null;
  #after = null;

  constructor(entry, { next, again }) {
    this.entry = entry;
    this.element = template.content.cloneNode(true).firstElementChild;
    this.link = this.#find(".tile-link");
    this.#find(".tile-name").textContent = entry.name;
    this.#find(".tile-next").addEventListener("click", () => next(entry));
    this.#find(".tile-again").addEventListener("click", () => again(entry));
    this.update();
    this.element.addEventListener("seen", () => this.#showBefore(), { once: true });
    inWindow.observe(this.element);
  }

  /** Show the entry as it is now. */
  update() {
    const { entry } = this;
    const { state, key, name, results = [], winner, check } = entry;
    const place = results.findIndex(({ id }) => id === winner) + 1;
    const finish = finishStateOf(entry);
    const words = wordsOf(entry, finish);
    this.element.dataset.state = state;
    this.element.dataset.finish = finish;
    this.element.classList.toggle("checked", Boolean(check) && state === "done");
    this.link.href = addressOf("picture", key);
    this.link.ariaLabel = [name, words || "done"].join(", ");
    this.#find(".tile-words").textContent = words;
    this.#find(".tile-next").hidden = state !== "done" || results.length < 2;
    this.#find(".tile-next").textContent = `${place || 1} of ${results.length}`;
    this.#find(".tile-next").ariaLabel = `Cutout ${place || 1} of ${results.length} of ${name}: show the next`;
    this.#find(".tile-again").hidden = state !== "failed" && finish !== "failed";
    this.#find(".tile-again").ariaLabel = `Try again: ${name}`;
    this.#showAfter();
  }

  /** Whether it is the one that the preview shows; if so, it comes into view. */
  mark(isShown) {
    this.link.ariaCurrent = isShown ? "true" : null;
    if (isShown) this.element.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Remove the tile and release its pictures. */
  release() {
    inWindow.unobserve(this.element);
    this.#before?.release();
    this.#after?.release();
    this.element.remove();
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  /** The photograph, as long as there is nothing better to see. */
  async #showBefore() {
    const { entry } = this;
    if (!(entry.source instanceof Blob)) return;
    const isWanted = () => !entry.thumb && this.element.isConnected;
    entry.before ??= await thumbnailLater(entry.source, isWanted);
    if (!entry.before || !this.element.isConnected) return;
    this.#before = new Picture(entry.before);
    this.#find(".tile-before").src = this.#before.url;
  }

  #showAfter() {
    const thumb = finishedOf(this.entry)?.thumb ?? this.entry.thumb;
    if (!thumb || this.#after?.blob === thumb) return;
    this.#after?.release();
    this.#after = new Picture(thumb);
    this.#find(".tile-after").src = this.#after.url;
  }
}

/** How far the finish of an entry is: none, working, done or failed. */
function finishStateOf(entry) {
  if (entry.state !== "done" || !finishOf(entry)) return "none";
  const made = finishedOf(entry);
  if (!made) return "working";
  return made.reason ? "failed" : "done";
}

function wordsOf(entry, finish) {
  if (finish === "failed") return `Not finished. ${finishedOf(entry).reason}`;
  if (finish === "working") return "Finishing";
  return entry.reason ?? (entry.check ? "Look at this one" : WORDS[entry.state]);
}
