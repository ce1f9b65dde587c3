/** The finish of a run: previewed on one of its pictures, applied to that one or to all. */

import { count } from "../frame/words.js";
import { Editor } from "../finish/editor.js";
import { finishOf, jobOf } from "./finisher.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
const OWN_ARROWS = "input, select, .tiles";

/** The picture that the preview is of; dispatches `change`. */
class Previewed extends EventTarget {
  entry = null;

  /** Its cutout, as Editor wants it. */
  get chosen() {
    const { winner, name } = this.entry;
    return { id: winner, name, jobId: jobOf(this.entry) };
  }
}

/** A panel; `all()` gives the entries of the run; `apply(entries, finish)`, `marked(entry)` and `left()` are called. */
export class RunFinish extends Editor {
  #previewed;
  #acts;
  #from = null; // the finish that the controls were restored from

  constructor(acts) {
    const previewed = new Previewed();
    super(previewed, "finish-run");
    this.#previewed = previewed;
    this.#acts = acts;
    const { previous, next, leave, one, apply } = this.element.elements;
    previous.addEventListener("click", () => this.#step(-1));
    next.addEventListener("click", () => this.#step(1));
    leave.addEventListener("click", () => acts.left());
    one.addEventListener("click", () => acts.apply([previewed.entry], this.finish));
    apply.addEventListener("click", () => acts.apply(acts.all(), this.finish));
  }

  /** Whether it is on screen. */
  get isOpen() {
    return this.element.checkVisibility();
  }

  /** See frame/panels.js. */
  async open() {
    const { entry } = this.#previewed;
    this.element.elements.apply.textContent = `Apply to all ${count(this.#acts.all().length, "picture")}`;
    this.show(this.#cut.includes(entry) ? entry : this.#cut[0]);
    const finish = finishOf(this.#previewed.entry);
    const isKnown = !finish || finish.id === this.#from;
    this.#from = finish?.id;
    await super.open(isKnown ? null : finish);
  }

  /** See frame/panels.js. */
  close() {
    super.close();
    this.#acts.marked(null);
  }

  /** Preview a picture of the run, once it is cut out. */
  show(entry) {
    const cut = this.#cut;
    if (!cut.includes(entry)) return;
    this.#previewed.entry = entry;
    const place = `${cut.indexOf(entry) + 1} of ${cut.length}`;
    this.element.querySelector(".finish-place").textContent = `${place} · ${entry.name}`;
    this.#acts.marked(entry);
    this.#previewed.dispatchEvent(new Event("change"));
  }

  /** Go to the picture of an arrow key; false where the arrows are for something else. */
  press(key) {
    if (!this.isOpen || document.activeElement.closest(OWN_ARROWS)) return false;
    this.#step(STEPS[key]);
    return true;
  }

  /** Preview the picture so many places further; the first one follows the last. */
  #step(places) {
    const cut = this.#cut;
    this.show(cut.at((cut.indexOf(this.#previewed.entry) + places) % cut.length));
  }

  get #cut() {
    return this.#acts.all().filter(({ state }) => state === "done");
  }
}
