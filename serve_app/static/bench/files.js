/** The format and backdrop of downloads. The service makes all of them except the plain PNG. */

import { compose, enlarged } from "../service/service.js";
import { behindColour } from "./backdrop.js";

const ENDING = /png$/;

/** `select` names the format, with a + when the backdrop of `board` goes with it. */
export class Files {
  #select;
  #board;

  constructor(select, board) {
    this.#select = select;
    this.#board = board;
  }

  /** Whether the picture is downloaded as it is shown. */
  get isPlain() {
    return this.#select.value === "png";
  }

  /** The file's name, without the photograph's. */
  nameOf(card) {
    return card.fileName.replace(ENDING, this.#format);
  }

  /** The file of a card. */
  async of(card) {
    if (this.isPlain) return card.cutout.picture.blob;
    const { factor } = card.cutout;
    const type = `image/${this.#format}`;
    const behind = this.#select.value.endsWith("+") ? { background: behindColour(this.#board) } : {};
    const fields = { include_models: card.model.model_id, ...behind };
    if (factor === 1) return compose(card.jobId, fields, type);
    const small = behind.background ? await compose(card.jobId, fields, "image/png") : card.cutout.plain.blob;
    return enlarged(small, factor, type);
  }

  get #format() {
    return this.#select.value.replace("+", "");
  }
}
