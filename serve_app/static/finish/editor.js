/** The controls of a finish with undo, and a live preview of one cutout, made by the service. */

import { tell } from "../frame/voice.js";
import { bytes, size } from "../frame/words.js";
import { Picture } from "../pictures/pictures.js";
import { compose, presets, wordsOf } from "../service/service.js";
import { fillSquare, finishOf, hasMargin, restore } from "./fields.js";

const PAUSE_MS = 300; // after the last change, until a preview is asked for
const SLOW = "detail"; // the method that takes seconds for each megapixel

/** A panel; see frame/panels.js. What is done with the finish is a matter of those that extend it. */
export class Editor {
  label = "Finish";
  key = "h";
  words = "finish: size, background, shadow, file";
  #subject;
  #timer = null; // of a change in its pause
  #asked = new AbortController(); // of the last preview asked for: an earlier one is given up
  #history;
  #follow = () => this.#preview();
  shown = null; // the file on screen, as a Picture; while the element is busy it is that of before

  /** `subject` has `chosen`, a result or null, and dispatches `change`; `acts` is the id of a template of buttons. */
  constructor(subject, acts) {
    this.#subject = subject;
    this.element = contentOf("finish-template").firstElementChild;
    this.element.querySelector(".finish-acts").append(contentOf(acts));
    const { undo, restart, square } = this.element.elements;
    this.element.addEventListener("submit", (event) => event.preventDefault());
    this.element.addEventListener("input", () => this.#changed());
    undo.addEventListener("click", () => this.#undo());
    restart.addEventListener("click", () => this.#fill(() => this.element.reset()));
    square.addEventListener("click", () => this.#fill(() => fillSquare(this.element, square.value)));
    this.#history = [this.finish.values];
    this.#arrange();
  }

  /** What the controls say; see finishOf. */
  get finish() {
    return finishOf(this.element);
  }

  /** See frame/panels.js. With a `finish`, the controls show what that was made of. */
  async open(finish = null) {
    this.#subject.addEventListener("change", this.#follow);
    try {
      await this.#offerSizes();
    } catch (fault) {
      tell(`The sizes could not be listed. ${wordsOf(fault)}`);
    }
    if (finish) this.#restore(finish);
    this.#preview();
  }

  /** See frame/panels.js. */
  close() {
    this.#subject.removeEventListener("change", this.#follow);
    if (this.#timer) this.#settle();
    this.#asked.abort();
  }

  /** Called with whether `shown` is what the controls say. */
  ready() {}

  /** Say what happens, beside the buttons. */
  tell(words) {
    this.element.querySelector(".finish-words").textContent = words;
  }

  #restore({ values }) {
    restore(this.element, values);
    this.#history = [values];
    this.#arrange();
  }

  async #offerSizes() {
    const { canvas, square } = this.element.elements;
    if (canvas.options.length > 1) return;
    const sizes = await presets();
    for (const { id, name, width, height } of sizes) canvas.add(new Option(`${name}, ${size(width, height)}`, id));
    const first = sizes.find(({ width, height }) => width === height);
    square.hidden = !first;
    square.value = first?.id;
  }

  #changed() {
    clearTimeout(this.#timer);
    this.#asked.abort(); // a preview that arrives in the pause shows the choices of before
    this.#wait();
    this.#timer = setTimeout(() => {
      this.#settle();
      this.#preview();
    }, PAUSE_MS);
    this.#arrange();
  }

  /** What the controls show is a step of its own, which undo takes back. */
  #settle() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#history.push(this.finish.values);
    this.#arrange();
  }

  /** Show the controls that have an effect. */
  #arrange() {
    const { background, colour, picture, canvas, fill, margin, factor, sharpness, format, quality, undo } = this.element.elements;
    colour.hidden = background.value !== "colour";
    picture.hidden = background.value !== "picture";
    fill.disabled = !canvas.value;
    margin.disabled = !hasMargin(this.element);
    sharpness.disabled = !factor.value;
    quality.disabled = format.value === "png";
    undo.disabled = this.#history.length < 2 && !this.#timer;
  }

  /** Take the last change back, also one that is still in its pause. */
  #undo() {
    if (this.#timer) this.#settle();
    this.#history.pop();
    restore(this.element, this.#history.at(-1));
    this.#arrange();
    this.#preview();
  }

  /** Change many controls in one step. */
  #fill(change) {
    change();
    this.#settle();
    this.#preview();
  }

  async #preview() {
    const { chosen } = this.#subject;
    if (!chosen) return;
    this.#asked.abort();
    const { signal } = (this.#asked = new AbortController());
    const { fields, type } = this.finish;
    this.#wait();
    if (fields.method === SLOW) this.tell("The finest detail takes a while, up to minutes for a large photograph.");
    try {
      const blob = await compose(chosen.jobId, { include_models: chosen.id, ...fields }, type, signal);
      if (!signal.aborted) await this.#show(new Picture(blob), `${chosen.name}, finished`);
    } catch (fault) {
      if (!signal.aborted) this.tell(wordsOf(fault));
    } finally {
      if (!signal.aborted) this.element.ariaBusy = "false";
    }
  }

  /** What is on screen is no longer what the controls say. */
  #wait() {
    this.element.ariaBusy = "true";
    this.ready(false);
  }

  async #show(picture, alt) {
    const { width, height } = await picture.shownSize();
    this.shown?.release();
    this.shown = picture;
    Object.assign(this.element.querySelector(".finish-shown img"), { src: picture.url, alt });
    this.tell(`${size(width, height)} px, ${bytes(picture.blob.size)}`);
    this.ready(true);
  }
}

const contentOf = (id) => document.getElementById(id).content.cloneNode(true);
