/** The large view beside the cards: one cutout against another or the photograph, as pictures, masks or differences. */

import { Wipe } from "../bench/wipe.js";
import { percent } from "../frame/words.js";
import { heatOf } from "./heat.js";
import { verdict } from "./verdict.js";

const ORIGINAL = "original"; // among the choices, beside the models' ids
const MADE_OF_OTHERS = ["edited", "fused"]; // ids of cutouts that say nothing of where models differ
const MIDDLE = 50; // percent of the width, where the wipe begins
const PHONE = matchMedia("(max-width: 40rem)"); // as in look.css
const VIEWS = ["picture", "mask", "heat"];

/** A panel; see frame/panels.js. `subject` is the picture on the bench, `viewport` lets its stage zoom as the cards do, and `mend(result)` opens the brush. */
export class Look {
  label = "Compare";
  key = "l";
  words = "compare two cutouts, large";
  #subject;
  #cards;
  #follow = () => this.#tell();
  #click = (event) => this.#clicked(event);
  #mapped = ""; // the cutouts whose differences are drawn

  constructor(subject, viewport, mend) {
    this.#subject = subject;
    this.#cards = document.getElementById("cards");
    const template = document.getElementById("look-template");
    this.element = template.content.cloneNode(true).firstElementChild;
    const stage = this.#find(".stage");
    viewport.attach(stage);
    this.wipe = new Wipe(this.#find("[name=cut]"), this.element);
    this.wipe.attach(stage);
    this.element.addEventListener("change", () => this.#tell());
    this.#find("[name=pick]").addEventListener("click", () => subject.choose(this.#shown("right").id));
    this.#find("[name=mend]").addEventListener("click", () => mend(this.#shown("right")));
  }

  /** See frame/panels.js. */
  open() {
    this.#subject.addEventListener("change", this.#follow);
    this.#cards.addEventListener("click", this.#click);
    this.wipe.set(MIDDLE);
    for (const side of ["left", "right"]) this.#find(`[name=${side}]`).replaceChildren(); // forget the last picture's
    this.#tell();
    if (PHONE.matches) this.element.scrollIntoView(); // it is below the tools there
  }

  /** See frame/panels.js. */
  close() {
    this.#subject.removeEventListener("change", this.#follow);
    this.#cards.removeEventListener("click", this.#click);
  }

  /** Show the next of pictures, masks, differences. */
  turn() {
    const next = VIEWS[(VIEWS.indexOf(this.#seen) + 1) % VIEWS.length];
    const radio = this.#find(`[value=${next}]`);
    (radio.disabled ? this.#find(`[value=${VIEWS[0]}]`) : radio).click();
  }

  get #seen() {
    return this.#find("[name=seen]:checked").value;
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  /** What a side shows: a result, or the photograph as if it were one. */
  #shown(side) {
    return this.#choices.find(({ id }) => id === this.#find(`[name=${side}]`).value);
  }

  get #choices() {
    const { original, results } = this.#subject;
    return original ? [{ id: ORIGINAL, name: "Photograph", picture: original }, ...results] : results;
  }

  /** A click on a card's picture shows it right; with Shift, left. */
  #clicked(event) {
    const card = event.target.closest(".stage")?.closest(".card.done");
    if (!card) return;
    this.#find(event.shiftKey ? "[name=left]" : "[name=right]").value = this.#subject.of(card).id;
    this.#tell();
  }

  #tell() {
    this.#offer();
    const [left, right] = [this.#shown("left"), this.#shown("right")];
    const { summary, results, original, blind } = this.#subject;
    this.element.hidden = !right;
    if (!right) return;
    const heat = this.#seen === "heat";
    this.element.dataset.seen = this.#seen;
    this.#place(".before", heat ? null : left);
    this.#place(".after", heat ? { name: "Photograph", picture: original } : right);
    this.#find(".look-name.left").textContent = left.name;
    this.#find(".look-name.right").textContent = right.name;
    this.#find(".stage").setAttribute("aria-label", `${left.name} and ${right.name}: plus and minus zoom, arrows pan`);
    this.#find(".legend").hidden = !heat;
    this.#find("[value=heat]").disabled = this.#compared.length < 2;
    for (const [name, verb] of [["pick", "Pick"], ["mend", "Mend"]]) {
      this.#find(`[name=${name}]`).textContent = `${verb} ${right.id === ORIGINAL ? "" : right.name}`;
      this.#find(`[name=${name}]`).disabled = right.id === ORIGINAL;
    }
    if (heat) this.#map();
    else this.#find(".look-words").textContent = blind ? "" : verdict(summary, results);
  }

  /** The choices may have become more, or shown their names; what is chosen stays. */
  #offer() {
    const choices = this.#choices;
    const wanted = { left: choices[0]?.id, right: this.#subject.chosen?.id };
    if (wanted.left === wanted.right) wanted.left = choices[1]?.id ?? wanted.left;
    for (const side of ["left", "right"]) {
      const select = this.#find(`[name=${side}]`);
      const chosen = select.value || wanted[side];
      select.replaceChildren(...choices.map(({ id, name }) => new Option(name, id, false, id === chosen)));
    }
  }

  #place(layer, shown) {
    const image = this.#find(`${layer} img`);
    const picture = shown?.picture;
    image.parentElement.classList.toggle("photo", picture === this.#subject.original);
    if (picture) Object.assign(image, { src: picture.url, alt: shown.id === ORIGINAL ? shown.name : `Cutout of ${shown.name}` });
    else image.removeAttribute("src");
  }

  get #compared() {
    return this.#subject.results.filter(({ id }) => !MADE_OF_OTHERS.includes(id));
  }

  /** Draw where the cutouts differ; once, as long as there are no more of them. */
  async #map() {
    const blobs = this.#compared.map(({ picture }) => picture.blob);
    const mapped = this.#compared.map(({ picture }) => picture.url).join();
    if (mapped === this.#mapped) return;
    this.#mapped = mapped;
    this.#find(".look-words").textContent = "Comparing …";
    const { image, share } = await heatOf(blobs, this.#subject.size);
    if (mapped !== this.#mapped) return;
    const canvas = this.#find(".heat canvas");
    Object.assign(canvas, { width: image.width, height: image.height });
    canvas.getContext("2d").putImageData(image, 0, 0);
    canvas.ariaLabel = `Map of differences: ${differing(blobs.length, share)}`;
    this.#find(".look-words").textContent = differing(blobs.length, share);
  }
}

function differing(count, share) {
  const part = share < 0.005 ? "less than 1 %" : percent(share);
  return `${count === 2 ? "Both cutouts" : `The ${count} cutouts`} clearly differ in ${part} of the picture.`;
}
