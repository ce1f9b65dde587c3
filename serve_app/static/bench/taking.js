/** Taking cutouts along: as files, on the clipboard, or drawn out of the page. */

import { tell } from "../frame/voice.js";
import { zip } from "../pictures/archive.js";
import { download, stem } from "../pictures/pictures.js";
import { wordsOf } from "../service/service.js";

/** Whether this page may write pictures to the clipboard: only one that came by https, or from this machine. */
export const canCopy = Boolean(navigator.clipboard?.write && window.ClipboardItem);

/** Joins the download buttons to the bench; `bar` is that of the pick. */
export class Taking {
  #bench;
  #zip;
  #take;
  #copy;

  constructor(bench, cards, zipButton, bar) {
    this.#bench = bench;
    this.#zip = zipButton;
    this.#take = bar.querySelector("[name=take]");
    this.#copy = bar.querySelector("[name=copy]");
    this.#copy.classList.toggle("impossible", !canCopy);
    cards.addEventListener("click", (event) => this.#card(event));
    cards.addEventListener("renamed", () => this.#nameAll());
    zipButton.addEventListener("click", () => this.#all());
    this.#take.addEventListener("click", () => this.take());
    this.#copy.addEventListener("click", () => this.copy());
  }

  /** Download the pick; whether there is one. */
  take() {
    const { picked, pick } = this.#bench;
    if (!picked) return false;
    pick.flush();
    this.#download(this.#take, picked).then((name) => name && pick.note(`Downloaded ${name}`));
    return true;
  }

  /** Put the pick on the clipboard; whether there is one. Browsers want it at once after a key or a click. */
  copy() {
    const { picked, pick } = this.#bench;
    if (!picked || !canCopy) return false;
    pick.flush();
    const item = new ClipboardItem({ "image/png": picked.cutout.picture.blob });
    const done = busy(this.#copy, "It could not be copied.", () => navigator.clipboard.write([item]));
    done.then((copied) => copied && pick.note(`Copied: ${picked.name}`));
    return true;
  }

  #card(event) {
    const link = event.target.closest(".download");
    const { board, files } = this.#bench;
    if (!link || files.isPlain) return; // the link itself has the picture
    event.preventDefault();
    this.#download(link, board.cards.find(({ element }) => element.contains(link)));
  }

  async #download(element, card) {
    const name = this.#nameOf(card);
    const done = await busy(element, "The download failed.", async () => {
      download(await this.#bench.files.of(card), name);
    });
    return done ? name : null;
  }

  async #all() {
    const { board, files, entry } = this.#bench;
    const { offered } = board;
    await busy(this.#zip, "The download failed.", async () => {
      const blobs = await Promise.all(offered.map((card) => files.of(card)));
      const members = offered.map((card, i) => [this.#nameOf(card), blobs[i]]);
      download(await zip(members), `${stem(entry.name)}-cutouts.zip`);
    });
  }

  /** The links' own names, for plain files. */
  #nameAll() {
    for (const card of this.#bench.board.offered) card.entitle(`${stem(this.#bench.entry.name)}-${card.fileName}`);
  }

  #nameOf(card) {
    return `${stem(this.#bench.entry.name)}-${this.#bench.files.nameOf(card)}`;
  }
}

/** Let a stage be drawn out of the page as a file; `file()` is `{url, name}` of a PNG. */
export function drawable(stage, file) {
  stage.addEventListener("dragstart", (event) => {
    const { url, name } = file();
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setData("DownloadURL", `image/png:${name}:${url}`);
    event.dataTransfer.setDragImage(stage.querySelector(".after img"), 40, 40);
  });
}

/** Show `element` as busy while `work` runs; whether it was done. A refusal is told with `words` before it. */
async function busy(element, words, work) {
  element.setAttribute("aria-busy", true);
  try {
    await work();
    return true;
  } catch (fault) {
    tell(`${words} ${fault instanceof DOMException ? fault.message : wordsOf(fault)}`);
    return false;
  } finally {
    element.removeAttribute("aria-busy");
  }
}
