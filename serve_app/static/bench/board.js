/** The cards of one job, in the order in which they are shown. */

import { count } from "../frame/words.js";
import { reasonOf } from "../service/plain.js";
import { Card } from "./card.js";

const EDITED = "edited"; // a cutout that was mended by hand: a pick of it is one of its model

/** The cards on the page; `attach(stage)` and the functions of `acts`, as of Card.on, are called for every card. */
export class Board {
  #list;
  #skipped;
  #attach;
  #acts;
  #held = []; // results that a blind board holds back: their order would reveal the models
  cards = [];

  constructor(list, skipped, attach, acts) {
    this.#list = list;
    this.#skipped = skipped;
    this.#attach = attach;
    this.#acts = acts;
  }

  /** A new job: the original picture, of `size`, was sent to `models`; `skipped` were not, each with the reason. */
  open({ job_id, models, skipped }, original, size, knowledge, blind) {
    this.release();
    const isShuffled = blind;
    Object.assign(this, { jobId: job_id, size, blind, isShuffled, skipped, original, knowledge, ended: false });
    for (const model of blind ? shuffled(models) : models) this.#append(model);
    this.#list.style.setProperty("--ratio", size.width / size.height);
    this.#tellSkipped();
  }

  /** A model has finished, with a picture or without, in this job or in one of its own. */
  settle(result, picture, jobId = this.jobId) {
    if (this.blind && !this.ended) this.#held.push([result, picture, jobId]);
    else this.#show(result, picture, jobId);
  }

  /** The job has ended; models without a result were not needed, as `skipped` says, or have failed for the reason. */
  end(reason, skipped = {}) {
    this.ended = true;
    this.#showHeld();
    Object.assign(this.skipped, skipped);
    for (const card of this.cards.filter(({ settled, model }) => !settled && model.model_id in skipped)) card.release();
    this.cards = this.cards.filter(({ element }) => element.isConnected);
    for (const [i, card] of this.cards.entries()) {
      card.place(i + 1);
      if (!card.settled) card.fail(reason);
    }
    this.#count();
    this.#tellSkipped();
    if (!this.offered.length) this.reveal();
  }

  /** A model's card that waits for another try; a new one for a model that was left out. */
  waiting(model) {
    delete this.skipped[model.model_id];
    this.#tellSkipped();
    const card = this.#of(model.model_id) ?? this.#append(model);
    card.wait();
    return card;
  }

  /** Show all names. */
  reveal() {
    if (!this.blind) return;
    this.blind = false;
    this.#showHeld();
    for (const card of this.cards) card.reveal();
    this.#tellSkipped();
  }

  /** How many models have finished, shown or held back. */
  get done() {
    return this.cards.filter(({ settled }) => settled).length + this.#held.length;
  }

  /** The cards that can be picked. */
  get offered() {
    return this.cards.filter((card) => card.cutout);
  }

  /** The models that a job offered, in the order of their cards; undefined where that is the results'. */
  shown(jobId) {
    const models = this.offered.filter((card) => card.jobId === jobId).map(({ model }) => model.model_id);
    return this.isShuffled ? models.filter((id) => id !== EDITED) : undefined;
  }

  /** Show which model, or none, is picked; `open` says whether that may change. */
  mark(modelId, open) {
    for (const card of this.offered) card.mark(card.model.model_id === modelId, open);
  }

  /** Remove all cards and release their pictures. */
  release() {
    for (const card of this.cards) card.release();
    this.original?.release();
    for (const [, picture] of this.#held) picture?.release();
    this.cards = [];
    this.#held = [];
  }

  #of(modelId) {
    return this.cards.find(({ model }) => model.model_id === modelId);
  }

  #append(model) {
    const { original, blind, jobId } = this;
    const usualMs = this.knowledge.usualMs(model.model_id);
    const card = new Card(model, this.cards.length + 1, original, { usualMs, blind, jobId });
    this.#attach(card.stage);
    card.on(this.#acts);
    this.#list.append(card.element);
    this.cards.push(card);
    this.#count();
    return card;
  }

  #count() {
    this.#list.style.setProperty("--count", this.cards.length);
  }

  #show(result, picture, jobId) {
    const { model_id, model_name } = result;
    const card = this.#of(model_id) ?? this.#append({ model_id, model_name });
    if (picture) card.show(result, picture, this.size, jobId);
    else card.fail(reasonOf(result.error), result);
  }

  #showHeld() {
    for (const held of this.#held.splice(0)) this.#show(...held);
  }

  #tellSkipped() {
    const entries = Object.entries(this.skipped);
    this.#skipped.hidden = !entries.length;
    const lines = this.blind
      ? [skippedRow("", `${count(entries.length, "model")}; names are shown with the others.`)]
      : entries.map(([id, reason]) => this.#skippedRow(id, reason));
    this.#skipped.querySelector("ul").replaceChildren(...lines);
  }

  #skippedRow(id, reason) {
    const name = this.knowledge.names(id);
    const row = skippedRow(name, reasonOf(reason));
    if (this.knowledge.available(id)) row.append(this.#tryButton(id, name));
    return row;
  }

  #tryButton(id, name) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button" });
    button.textContent = this.knowledge.price(id) ? `Try it for ${this.knowledge.price(id)}` : "Try it";
    button.ariaLabel = `${button.textContent}: ${name}`;
    button.addEventListener("click", () => this.#acts.again({ model_id: id, model_name: name }));
    return button;
  }
}

function skippedRow(name, reason) {
  const row = document.createElement("li");
  row.append(Object.assign(document.createElement("strong"), { textContent: name }), ` ${reason} `);
  return row;
}

/** Fisher and Yates' shuffle. */
function shuffled(items) {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
