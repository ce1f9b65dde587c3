/** A run of many pictures: a tile each, how far it is, what it costs, the finish of all, and all of them in one archive. */

import { Panels } from "../frame/panels.js";
import { say, tell } from "../frame/voice.js";
import { count } from "../frame/words.js";
import { entries, keep } from "../kept/store.js";
import { zip } from "../pictures/archive.js";
import { download } from "../pictures/pictures.js";
import { wordsOf } from "../service/service.js";
import { fetched, fileNames, filesOf, sums, wordsFor } from "./files.js";
import { Offer } from "./offer.js";
import { RunFinish } from "./panel.js";
import { Tile } from "./tile.js";

const byId = (id) => document.getElementById(id);

/** The view of a run; `queue` sends its pictures, `finisher` gives them their finish. */
export class Many {
  #queue;
  #finisher;
  #finish;
  #panels;
  #tiles = new Map(); // by entry
  #run = null;

  constructor(queue, finisher, shortcuts) {
    this.#queue = queue;
    this.#finisher = finisher;
    this.offer = new Offer(byId("paid"), byId("price"), byId("run"), {
      agreed: () => this.#agree(),
      changed: () => this.#reconsider(),
    });
    this.#finish = new RunFinish({
      all: () => this.#entries,
      apply: (chosen, finish) => this.#apply(chosen, finish),
      marked: (entry) => this.#mark(entry),
      left: () => this.#panels.close(),
    });
    this.#panels = new Panels(byId("many-tools"), byId("many-panel"), shortcuts);
    this.#panels.add(this.#finish);
    for (const worker of [queue, finisher]) worker.addEventListener("change", ({ detail }) => this.#changed(detail));
    byId("many-zip").addEventListener("click", () => this.#zip());
    byId("many-undo").addEventListener("click", () => this.#finisher.undo(this.#entries));
    byId("tiles").addEventListener("keydown", (event) => this.#move(event));
    byId("tiles").addEventListener("click", (event) => this.#clicked(event));
    this.#addKeys(shortcuts);
  }

  /** Show a run; whether there is one. */
  async show(run) {
    if (run !== this.#run) {
      this.#panels.close();
      for (const tile of this.#tiles.values()) tile.release();
      this.#tiles.clear();
      this.#run = run;
    }
    const those = (await entries()).filter((entry) => entry.run === run).reverse();
    if (run !== this.#run) return true; // another run is shown meanwhile
    for (const entry of those) if (!this.#tiles.has(entry)) this.#append(entry);
    for (const tile of this.#tiles.values()) tile.update();
    this.#tell();
    if (!this.offer.isPaid) this.#agree();
    this.#finisher.add(those); // another cutout may have been picked meanwhile
    await this.#offer();
    return those.length > 0;
  }

  /** The keys of the view; they do nothing while it is hidden. */
  #addKeys(shortcuts) {
    shortcuts.add(["n"], ["N"], "show the next cutout of a picture of many", () => this.#nextOfFocused());
    shortcuts.add(["ArrowLeft", "ArrowRight"], [], "", (key) => this.#finish.press(key)); // the bench lists them
  }

  get #entries() {
    return [...this.#tiles.keys()];
  }

  get #unsent() {
    return this.#entries.filter((entry) => entry.state === "waiting" && !entry.agreed);
  }

  #append(entry) {
    const again = (one) => (one.state === "failed" ? this.#queue : this.#finisher).again(one);
    const tile = new Tile(entry, { next: (one) => this.#next(one), again });
    this.#tiles.set(entry, tile);
    byId("tiles").append(tile.element);
  }

  #agree() {
    const { fields } = this.offer;
    const unsent = this.#unsent;
    for (const entry of unsent) Object.assign(entry, { agreed: true, fields });
    keep(...unsent);
    this.#queue.add(unsent);
  }

  /** Another choice of models is for the pictures that are not sent yet. */
  async #reconsider() {
    for (const entry of this.#queue.withdraw(this.#run)) entry.agreed = false;
    if (!this.offer.isPaid) this.#agree();
    await this.#offer();
  }

  #offer() {
    return this.offer.show(this.#unsent.length);
  }

  #changed(entry) {
    if (entry.run !== this.#run) return;
    this.#tiles.get(entry)?.update();
    this.#tell();
  }

  #tell() {
    const all = this.#entries;
    const { cut, failed, finish, ended } = sums(all);
    const ready = filesOf(all).length;
    const words = wordsFor(all);
    byId("many-title").textContent = count(all.length, "picture");
    byId("many-words").textContent = words;
    byId("many-bar").max = all.length;
    byId("many-bar").value = (finish ? ready : cut) + failed;
    byId("many-bar").hidden = ended;
    byId("many-undo").hidden = !finish;
    byId("many-zip").disabled = !ready;
    byId("many-zip").textContent = ready ? `Download ${count(ready, finish ? "picture" : "cutout")}` : "Download";
    byId("many-zip").classList.toggle("strong", ended);
    this.#finish.button.disabled = !cut;
    if (ended && all.length && !byId("many").hidden) say(`All done: ${words}.`);
  }

  #apply(chosen, finish) {
    this.#finisher.apply(chosen, finish);
    if (chosen.length > 1) this.#panels.close();
    say(`The finish is applied to ${count(chosen.length, "picture")}.`);
  }

  async #next(entry) {
    const place = entry.results.findIndex(({ id }) => id === entry.winner);
    const { id, name } = entry.results[(place + 1) % entry.results.length];
    try {
      await this.#queue.choose(entry, id);
      say(`${entry.name}: ${name}`);
    } catch (fault) {
      tell(wordsOf(fault));
    }
  }

  #nextOfFocused() {
    const tile = [...this.#tiles.values()].find(({ element }) => element.matches(":focus-within, :hover"));
    if (!(tile?.entry.results?.length > 1)) return false;
    this.#next(tile.entry);
  }

  /** Arrows go from tile to tile. */
  #move(event) {
    const tiles = [...this.#tiles.values()];
    const at = tiles.findIndex(({ link }) => link === document.activeElement);
    const columns = getComputedStyle(byId("tiles")).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (at < 0 || !step || !tiles[at + step]) return;
    event.preventDefault();
    tiles[at + step].link.focus();
    if (this.#finish.isOpen) this.#finish.show(tiles[at + step].entry);
  }

  /** While the finish is chosen, a click is for its preview, and opens no picture. */
  #clicked(event) {
    const link = event.target.closest(".tile-link");
    if (!link || !this.#finish.isOpen) return;
    event.preventDefault();
    this.#finish.show([...this.#tiles.values()].find((tile) => tile.link === link).entry);
  }

  #mark(entry) {
    for (const tile of this.#tiles.values()) tile.mark(tile.entry === entry);
  }

  async #zip() {
    const button = byId("many-zip");
    const files = filesOf(this.#entries);
    button.setAttribute("aria-busy", true);
    try {
      const blobs = await fetched(files, (n) => (button.textContent = `Packing ${n} of ${files.length}`));
      download(await zip(fileNames(files).map((name, i) => [name, blobs[i]])), "cutouts.zip");
    } catch (fault) {
      tell(`The download failed. ${wordsOf(fault)}`);
    } finally {
      button.removeAttribute("aria-busy");
      this.#tell();
    }
  }
}
