/** A run of many pictures: a tile each, how far it is, what it costs, and all winners in one archive. */

import { say, tell } from "../frame/voice.js";
import { count, money } from "../frame/words.js";
import { entries, keep } from "../kept/store.js";
import { zip } from "../pictures/archive.js";
import { download, stem } from "../pictures/pictures.js";
import { wordsOf } from "../service/service.js";
import { Offer } from "./offer.js";
import { winnerOf } from "./queue.js";
import { Tile } from "./tile.js";

const byId = (id) => document.getElementById(id);

/** The view of a run; `queue` sends its pictures. */
export class Many {
  #queue;
  #tiles = new Map(); // by entry
  #run = null;

  constructor(queue) {
    this.#queue = queue;
    const acts = { agreed: () => this.#agree(), changed: () => this.#reconsider() };
    this.offer = new Offer(byId("paid"), byId("price"), byId("run"), acts);
    queue.addEventListener("change", ({ detail }) => this.#changed(detail));
    byId("many-zip").addEventListener("click", () => this.#zip());
    byId("tiles").addEventListener("keydown", (event) => this.#move(event));
  }

  /** Show a run; whether there is one. */
  async show(run) {
    if (run !== this.#run) {
      for (const tile of this.#tiles.values()) tile.release();
      this.#tiles.clear();
      this.#run = run;
    }
    const those = (await entries()).filter((entry) => entry.run === run).reverse();
    for (const entry of those) if (!this.#tiles.has(entry)) this.#append(entry);
    for (const tile of this.#tiles.values()) tile.update();
    this.#tell();
    if (!this.offer.isPaid) this.#agree();
    await this.#offer();
    return those.length > 0;
  }

  /** Add the keys of the view; they do nothing while it is hidden. */
  addKeys(shortcuts) {
    shortcuts.add(["n"], ["N"], "show the next cutout of a picture of many", () => this.#nextOfFocused());
  }

  get #entries() {
    return [...this.#tiles.keys()];
  }

  get #unsent() {
    return this.#entries.filter((entry) => entry.state === "waiting" && !entry.agreed);
  }

  #append(entry) {
    const tile = new Tile(entry, { next: (one) => this.#next(one), again: (one) => this.#queue.again(one) });
    this.#tiles.set(entry, tile);
    byId("tiles").append(tile.element);
  }

  #agree() {
    const { fields } = this.offer;
    const unsent = this.#unsent;
    for (const entry of unsent) Object.assign(entry, { agreed: true, fields });
    for (const entry of unsent) keep(entry);
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
    this.#tiles.get(entry)?.update();
    if (entry.run === this.#run) this.#tell();
  }

  #tell() {
    const all = this.#entries;
    const done = all.filter(({ state }) => state === "done");
    const failed = all.filter(({ state }) => state === "failed").length;
    const check = done.filter((entry) => entry.check).length;
    const cost = all.reduce((total, { cost_usd = 0 }) => total + cost_usd, 0);
    const ended = done.length + failed === all.length;
    byId("many-title").textContent = count(all.length, "picture");
    const words = [ended ? `${done.length} done` : `${done.length} of ${all.length} done`];
    if (failed) words.push(`${failed} without a cutout`);
    if (check) words.push(`${check} to look at`);
    if (cost) words.push(money(cost));
    byId("many-words").textContent = words.join(" · ");
    byId("many-bar").max = all.length;
    byId("many-bar").value = done.length + failed;
    byId("many-bar").hidden = ended;
    byId("many-zip").disabled = !done.length;
    byId("many-zip").textContent = done.length ? `Download ${count(done.length, "cutout")}` : "Download";
    byId("many-zip").classList.toggle("strong", ended);
    if (ended && all.length && !byId("many").hidden) say(`All done: ${words.join(", ")}.`);
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
  }

  async #zip() {
    const button = byId("many-zip");
    const done = this.#entries.filter(({ state }) => state === "done");
    const names = fileNames(done);
    const members = [];
    button.setAttribute("aria-busy", true);
    try {
      for (const [i, entry] of done.entries()) {
        button.textContent = `Packing ${i + 1} of ${done.length}`;
        members.push([names[i], await winnerOf(entry)]);
      }
      download(await zip(members), "cutouts.zip");
    } catch (fault) {
      tell(`The download failed. ${wordsOf(fault)}`);
    } finally {
      button.removeAttribute("aria-busy");
      this.#tell();
    }
  }
}

/** A file's name for each entry, after its photograph; photographs of one name get numbers. */
function fileNames(all) {
  const seen = new Map();
  return all.map(({ name }) => {
    const own = stem(name);
    const times = (seen.get(own) ?? 0) + 1;
    seen.set(own, times);
    return times === 1 ? `${own}.png` : `${own}-${times}.png`;
  });
}
