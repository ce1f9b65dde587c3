/** The cards of one job, in the order in which they are shown. */

import { count, sentence } from "../frame/words.js";
import { Picture, pictureOf } from "../pictures/pictures.js";
import { Card } from "./card.js";

/** The cards on the page. `attach(stage)` and `picked(card)` are called for every card. */
export class Board {
  #list;
  #skipped;
  #attach;
  #picked;
  #held = []; // results that a blind board holds back: their order would reveal the models
  cards = [];

  constructor(list, skipped, attach, picked) {
    this.#list = list;
    this.#skipped = skipped;
    this.#attach = attach;
    this.#picked = picked;
  }

  /** A new job: the original picture, of `size`, was sent to `models`; `skipped` were not, each with the reason. */
  open({ job_id, models, skipped }, original, size, { usualMs, names }, blind) {
    this.release();
    Object.assign(this, { jobId: job_id, size, blind, names, skipped, original });
    for (const model of blind ? shuffled(models) : models) this.#append(model, usualMs(model.model_id));
    this.#list.style.setProperty("--ratio", size.width / size.height);
    this.#list.style.setProperty("--count", this.cards.length);
    this.#tellSkipped();
  }

  /** Another result of the job, with its picture as a blob; it takes the place of one with the same id. */
  add(result, blob) {
    const { model_id, model_name } = result;
    const card = this.#of(model_id) ?? this.#append({ model_id, model_name });
    card.show(result, new Picture(blob), this.size);
    this.#list.style.setProperty("--count", this.cards.length);
  }

  /** A model has finished, with a cutout or without. */
  settle(result) {
    if (this.blind) this.#held.push(result);
    else this.#show(result);
  }

  /** The job has ended; models without a result have failed, for the given reason. */
  end(reason) {
    for (const result of this.#held.splice(0)) this.#show(result);
    for (const card of this.cards) {
      if (!card.settled) card.fail(reason);
    }
    if (!this.offered.length) this.reveal();
  }

  /** Show all names. */
  reveal() {
    if (!this.blind) return;
    this.blind = false;
    for (const result of this.#held.splice(0)) this.#show(result);
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

  /** Show which model, or none, is picked; `open` says whether that may change. */
  mark(modelId, open) {
    for (const card of this.offered) card.mark(card.model.model_id === modelId, open);
  }

  /** Remove all cards and release their pictures. */
  release() {
    for (const card of this.cards) card.release();
    this.original?.release();
    this.cards = [];
    this.#held = [];
  }

  #of(modelId) {
    return this.cards.find(({ model }) => model.model_id === modelId);
  }

  #append(model, usualMs) {
    const { original, blind, jobId } = this;
    const card = new Card(model, this.cards.length + 1, original, { usualMs, blind, jobId });
    this.#attach(card.stage);
    card.onPick(this.#picked);
    this.#list.append(card.element);
    this.cards.push(card);
    return card;
  }

  #show(result) {
    const card = this.#of(result.model_id);
    if (result.image_base64) card.show(result, pictureOf(result.image_base64), this.size);
    else card.fail(sentence(result.error), result);
  }

  #tellSkipped() {
    const entries = Object.entries(this.skipped);
    this.#skipped.hidden = !entries.length;
    const lines = this.blind
      ? [["", `${count(entries.length, "model")}; names are shown with the others.`]]
      : entries.map(([id, reason]) => [this.names(id), sentence(reason)]);
    this.#skipped.querySelector("ul").replaceChildren(...lines.map(skippedRow));
  }
}

function skippedRow([name, reason]) {
  const row = document.createElement("li");
  row.append(Object.assign(document.createElement("strong"), { textContent: name }), ` ${reason}`);
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
