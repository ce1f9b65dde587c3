/** One model's card: waiting, then its cutout, or the reason why there is none. */

import { wordsOf } from "../service/service.js";
import { say, tell } from "../frame/voice.js";
import { money, sale, size, time } from "../frame/words.js";
import { Cutout } from "./cutout.js";

const template = document.getElementById("card-template");

/** The card of `model` in a job, at place `number` of the board, from 1. A blind card does not show its model. */
export class Card {
  #result = null;
  #blind;

  constructor(model, number, original, { usualMs, blind, jobId }) {
    Object.assign(this, { model, number, jobId, cutout: null, settled: false });
    this.#blind = blind;
    this.element = template.content.cloneNode(true).firstElementChild;
    this.stage = this.#find(".stage");
    if (original) this.#find(".before img").src = original.url;
    this.#find(".number").textContent = number;
    this.#find(".number").hidden = number > 9; // no key has two digits
    this.#find(".pick").setAttribute("aria-keyshortcuts", number);
    this.#expect(blind ? null : usualMs);
    this.#tellName();
    for (const button of this.#sizes) button.addEventListener("click", () => this.#resize(button));
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

  /** Its file in downloads. */
  get fileName() {
    return this.cutout.fileName(this.#blind ? `cutout-${this.number}` : this.model.model_id);
  }

  /** The model has finished: a cutout of the original's size. */
  show(result, picture, originalSize) {
    this.cutout?.release();
    this.cutout = new Cutout(picture, originalSize);
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

  /** Call `chosen(card)` when it is picked by its button. */
  onPick(chosen) {
    this.#find(".pick").addEventListener("click", () => chosen(this));
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

  #expect(usualMs) {
    this.#find(".progress").textContent = usualMs ? `Working, usually ${time(usualMs)}` : "Working";
    if (usualMs) this.stage.style.setProperty("--usual", `${usualMs}ms`);
    this.element.classList.toggle("expected", Boolean(usualMs));
  }

  #settle(state, result) {
    this.#result = result;
    this.settled = true;
    this.element.classList.replace("waiting", state);
    this.#find(".progress").hidden = true;
    this.#tellFacts();
  }

  #tellName() {
    this.#find(".name").textContent = this.name;
    this.#find(".pick").setAttribute("aria-label", `Pick ${this.name}`);
    this.#find(".download").setAttribute("aria-label", `Download ${this.name}`);
    this.stage.setAttribute("aria-label", `${this.name}: plus and minus zoom, arrows pan`);
  }

  #tellFacts() {
    this.#find(".fault p").textContent = this.#blind ? "The reason is shown with the names." : this.words;
    if (!this.#result || this.#blind) return;
    const { processing_time_ms, cost_usd, licence, commercial_use, note } = this.#result;
    this.#find(".time").textContent = time(processing_time_ms);
    this.#find(".cost").textContent = money(cost_usd);
    this.#find(".licence").textContent = `${licence}, ${sale(commercial_use)}`;
    this.#find(".licence").classList.toggle("warned", !commercial_use);
    this.#find(".note").textContent = note ?? "";
    this.#find(".note").hidden = !note;
    this.#find(".facts").hidden = false;
  }

  #tellPicture() {
    const { width, height } = this.cutout.size;
    const { url } = this.cutout.picture;
    Object.assign(this.#find(".after img"), { src: url, alt: `Cutout of ${this.name}` });
    Object.assign(this.#find(".download"), { href: url, download: this.fileName });
    this.#find(".size").textContent = `${size(width, height)} px`;
    for (const one of this.#sizes) one.setAttribute("aria-pressed", Number(one.dataset.factor) === this.cutout.factor);
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
