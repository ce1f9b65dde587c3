/** One model's card: waiting, then its cutout, or the reason why there is none. */

import { say, tell } from "../frame/voice.js";
import { money, sale, size, time } from "../frame/words.js";
import { wordsOf } from "../service/service.js";
import { Cutout } from "./cutout.js";
import { drawable } from "./taking.js";

const template = document.getElementById("card-template");

/** The card of `model` in a job, at place `number` of the board, from 1. A blind card does not show its model. */
export class Card {
  #result = null;
  #blind;
  #usualMs;

  constructor(model, number, original, { usualMs, blind, jobId }) {
    Object.assign(this, { model, jobId, cutout: null, settled: false });
    this.#blind = blind;
    this.#usualMs = blind ? null : usualMs;
    this.element = template.content.cloneNode(true).firstElementChild;
    this.stage = this.#find(".stage");
    if (original) this.#find(".before img").src = original.url;
    this.place(number);
    this.#expect();
    this.#tellName();
    for (const button of this.#sizes) button.addEventListener("click", () => this.#resize(button));
    drawable(this.stage, () => ({ url: this.cutout.picture.url, name: this.#find(".download").download }));
  }

  /** The model's name, or a number while it is hidden. */
  get name() {
    return this.#blind ? `Cutout ${this.number}` : this.model.model_name;
  }

  /** Its result, as Subject tells it. */
  get told() {
    const { model, name, cutout, jobId } = this;
    return { id: model.model_id, name, picture: cutout.plain, body: this.#result, jobId };
  }

  /** Its file, without the photograph's name. */
  get fileName() {
    return this.cutout.fileName(this.#blind ? `cutout-${this.number}` : this.model.model_id);
  }

  /** Its place on the board, from 1, whose digit picks it. */
  place(number) {
    this.number = number;
    this.#find(".number").textContent = number;
    this.#find(".number").hidden = number > 9; // no key has two digits
    this.#find(".pick").setAttribute("aria-keyshortcuts", number);
    this.#tellName();
  }

  /** The model is at work again. */
  wait() {
    this.settled = false;
    this.#find(".fault").hidden = true;
    this.#find(".facts").hidden = true;
    this.#find(".progress").hidden = false;
    this.element.classList.replace("failed", "waiting");
  }

  /** The model has finished: a cutout of the original's size, in a job. */
  show(result, picture, originalSize, jobId) {
    this.cutout?.release();
    this.cutout = new Cutout(picture, originalSize);
    this.jobId = jobId;
    this.#find(".acts").hidden = false;
    this.#settle("done", result);
    this.#tellPicture();
  }

  /** The model has failed; `words` say why. */
  fail(words, result = null) {
    this.words = words;
    this.#find(".fault").hidden = false;
    this.#settle("failed", result);
  }

  /** Show the model's name. */
  reveal() {
    this.#blind = false;
    this.#tellName();
    this.#tellFacts();
    if (this.cutout) this.#tellPicture();
  }

  /** Show the card as the pick, or not; `open` says whether it may be picked. */
  mark(picked, open) {
    const button = this.#find(".pick");
    this.element.classList.toggle("picked", picked);
    button.setAttribute("aria-pressed", picked);
    button.disabled = !open;
    button.textContent = picked ? "Picked" : "Pick";
    button.setAttribute("aria-label", `${button.textContent} ${this.name}`);
  }

  /** Say that the service would choose it; `why` is a sentence. */
  recommend(why) {
    Object.assign(this.#find(".best"), { hidden: false, title: why });
  }

  /** Call `picked(card)` when it is picked by its button or drawn out of the page, and `again(model)` for another try. */
  on({ picked, again }) {
    this.#find(".pick").addEventListener("click", () => picked(this));
    this.stage.addEventListener("dragstart", () => picked(this));
    this.#find(".again").addEventListener("click", () => again(this.model));
  }

  /** Name its file after the photograph. */
  entitle(name) {
    this.#find(".download").download = name;
  }

  /** Remove the card and release its pictures. */
  release() {
    this.cutout?.release();
    this.element.remove();
  }

  get #sizes() {
    return this.element.querySelectorAll("[data-factor]");
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  #expect() {
    const usualMs = this.#usualMs;
    this.#find(".progress").textContent = usualMs ? `Working, usually ${time(usualMs)}` : "Working";
    if (usualMs) this.stage.style.setProperty("--usual", `${usualMs}ms`);
    this.element.classList.toggle("expected", Boolean(usualMs));
  }

  #settle(state, result) {
    this.#result = result;
    this.settled = true;
    this.element.classList.remove("waiting", "failed");
    this.element.classList.add(state);
    this.#find(".progress").hidden = true;
    this.#tellFacts();
  }

  #tellName() {
    this.#find(".name").textContent = this.name;
    this.#find(".pick").setAttribute("aria-label", `Pick ${this.name}`);
    this.#find(".mend-card").setAttribute("aria-label", `Mend ${this.name}`);
    this.#find(".download").setAttribute("aria-label", `Download ${this.name}`);
    this.#find(".again").setAttribute("aria-label", `Try again: ${this.name}`);
    this.stage.setAttribute("aria-label", `${this.name}: plus and minus zoom, arrows pan`);
  }

  #tellFacts() {
    this.#find(".fault p").textContent = this.#blind ? "The reason is shown with the names." : this.words;
    if (!this.#result || !this.cutout || this.#blind) return;
    const { processing_time_ms, cost_usd, licence, commercial_use, note } = this.#result;
    this.#find(".time").textContent = time(processing_time_ms);
    this.#find(".cost").textContent = money(cost_usd);
    this.#find(".resale summary").textContent = sale(commercial_use);
    this.#find(".licence").textContent = licence;
    this.#find(".resale").classList.toggle("warned", !commercial_use);
    this.#find(".note").textContent = note ?? "";
    this.#find(".note").hidden = !note;
    this.#find(".facts").hidden = false;
  }

  #tellPicture() {
    const { width, height } = this.cutout.size;
    const { url } = this.cutout.picture;
    Object.assign(this.#find(".after img"), { src: url, alt: `Cutout of ${this.name}` });
    this.#find(".download").href = url;
    this.#find(".size").textContent = `${size(width, height)} px`;
    for (const one of this.#sizes) one.setAttribute("aria-pressed", Number(one.dataset.factor) === this.cutout.factor);
    this.element.dispatchEvent(new Event("renamed", { bubbles: true }));
  }

  async #resize(button) {
    button.setAttribute("aria-busy", true);
    try {
      await this.cutout.resize(Number(button.dataset.factor));
      this.#tellPicture();
      say(`${this.name} is ${this.#find(".size").textContent}`);
    } catch (fault) {
      tell(`${this.name} could not be enlarged. ${wordsOf(fault)}`);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
}
