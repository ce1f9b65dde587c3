/** The finish of a cutout: size, background, crop, shadow, edge and file, with a live preview made by the service. */

import { say, tell } from "../frame/voice.js";
import { size } from "../frame/words.js";
import { Picture, download, stem } from "../pictures/pictures.js";
import { compose, presets, wordsOf } from "../service/service.js";
import { fieldsOf, restore, taken, typeOf } from "./fields.js";

const PAUSE_MS = 300; // after the last change, until a preview is asked for
const ENDINGS = { jpeg: "jpg" };

/** A panel; see frame/panels.js. `subject` is the picture on the bench. */
export class Finish {
  label = "Finish";
  key = "h";
  words = "finish: size, background, shadow, file";
  #subject;
  #timer = null; // of a change in its pause
  #asked = 0; // previews asked for: an answer to an earlier one is dropped
  #shown = null; // the file on screen
  #history = [];
  #follow = () => this.#preview();

  constructor(subject) {
    this.#subject = subject;
    this.element = document.getElementById("finish-template").content.cloneNode(true).firstElementChild;
    const { undo, restart, save, all } = this.element.elements;
    this.element.addEventListener("submit", (event) => event.preventDefault());
    this.element.addEventListener("input", () => this.#changed());
    undo.addEventListener("click", () => this.#undo());
    restart.addEventListener("click", () => this.#restart());
    save.addEventListener("click", () => this.#save());
    all.addEventListener("click", () => this.#all());
    this.#history = [taken(this.element)];
    this.#arrange();
  }

  /** See frame/panels.js. */
  async open() {
    this.#subject.addEventListener("change", this.#follow);
    this.#preview();
    try {
      await this.#offerSizes();
    } catch (fault) {
      tell(`The sizes could not be listed. ${wordsOf(fault)}`);
    }
  }

  async #offerSizes() {
    const select = this.element.elements.canvas;
    if (select.options.length > 1) return;
    for (const { id, name, width, height } of await presets()) select.add(new Option(`${name}, ${size(width, height)}`, id));
  }

  /** See frame/panels.js. */
  close() {
    this.#subject.removeEventListener("change", this.#follow);
    if (this.#timer) this.#settle();
    this.#asked += 1;
  }

  #changed() {
    clearTimeout(this.#timer);
    this.#asked += 1; // a preview that arrives in the pause shows the choices of before
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
    this.#history.push(taken(this.element));
    this.#arrange();
  }

  /** Show the controls that have an effect. */
  #arrange() {
    const { background, colour, picture, crop, canvas, margin, format, quality, undo } = this.element.elements;
    colour.hidden = background.value !== "colour";
    picture.hidden = background.value !== "picture";
    margin.disabled = !crop.checked && !canvas.value;
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

  #restart() {
    this.element.reset();
    this.#settle();
    this.#preview();
  }

  async #preview() {
    const { chosen } = this.#subject;
    if (!chosen) return;
    const asked = (this.#asked += 1);
    const words = this.element.querySelector(".finish-words");
    this.#wait();
    try {
      const blob = await compose(chosen.jobId, { include_models: chosen.id, ...fieldsOf(this.element) }, typeOf(this.element));
      if (asked === this.#asked) await this.#show(new Picture(blob), words);
    } catch (fault) {
      if (asked === this.#asked) words.textContent = wordsOf(fault);
    } finally {
      if (asked === this.#asked) this.element.ariaBusy = "false";
    }
  }

  /** What is on screen is no longer what the controls say. */
  #wait() {
    this.element.ariaBusy = "true";
    this.element.elements.save.disabled = true;
  }

  async #show(picture, words) {
    const { width, height } = await picture.shownSize();
    this.#shown?.release();
    this.#shown = picture;
    Object.assign(this.element.querySelector(".finish-shown img"), { src: picture.url, alt: `${this.#subject.chosen.name}, finished` });
    words.textContent = `${size(width, height)} px, ${Math.ceil(picture.blob.size / 1000)} kB`;
    this.element.elements.save.disabled = false;
  }

  #save() {
    download(this.#shown.blob, `${stem(this.#subject.name)}.${this.#ending}`);
    say("Downloaded");
  }

  /** Every cutout of the picture with this finish, in one ZIP. */
  async #all() {
    try {
      const blob = await compose(this.#subject.jobId, fieldsOf(this.element), "application/zip");
      download(blob, `${stem(this.#subject.name)}.zip`);
      say("Downloaded");
    } catch (fault) {
      this.element.querySelector(".finish-words").textContent = wordsOf(fault);
    }
  }

  get #ending() {
    const format = this.element.elements.format.value;
    return ENDINGS[format] ?? format;
  }
}
