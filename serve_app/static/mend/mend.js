/** Mending a cutout by hand, in a window of its own: a brush and a lasso that keep, erase, or take from another cutout. */

import { say } from "../frame/voice.js";
import { pictureOf } from "../pictures/pictures.js";
import { edit, wordsOf } from "../service/service.js";
import { Controls } from "./controls.js";
import { Cursor } from "./cursor.js";
import { watchKeys } from "./keys.js";
import { Loupe } from "./loupe.js";
import { Painting } from "./painting.js";
import { greyPng } from "./png.js";
import { Pointers } from "./pointers.js";
import { Tool } from "./tool.js";
import { View } from "./view.js";

/** `dialog` has the controls; see index.html. `subject` is the picture on the bench. */
export class Mend {
  #dialog;
  #head;
  #subject;
  #result = null; // that is mended
  #warned = false;
  painting = null;

  constructor(dialog, subject) {
    this.#dialog = dialog;
    this.#head = dialog.querySelector(".mend-head").elements;
    this.#subject = subject;
    this.stage = dialog.querySelector(".mend-stage");
    this.view = new View(this.stage.querySelector(".mend-view"), () => this.#moved());
    this.tool = new Tool(this.view, {
      outlined: (points) => this.cursor.outline(points),
      drawn: () => this.cursor.follow(),
      ended: () => this.#tellHistory(),
    });
    const loupe = new Loupe(this.stage.querySelector(".mend-loupe"), this.view);
    this.cursor = new Cursor(this.stage, this.view, this.tool, loupe);
    this.controls = new Controls(dialog.querySelector(".mend-tools"), this);
    const keys = watchKeys(dialog, this);
    new Pointers(this.stage, this.view, this.tool, (event) => this.cursor.hover(event), () => keys.shifts);
    this.#watch();
  }

  /** Put its button among `buttons` and its key among `shortcuts`, and open it from the cards. */
  offer(buttons, cards, shortcuts) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "plain" });
    button.textContent = "Mend";
    button.addEventListener("click", () => this.open());
    buttons.append(button);
    cards.addEventListener("click", ({ target }) => target.closest(".mend-card") && this.open(this.#subject.of(target)));
    shortcuts.add(["m"], ["M"], "mend the chosen cutout by hand", () => buttons.checkVisibility() && this.open());
  }

  /** Mend a result of the subject; the one that is chosen, if none is given. */
  async open(result = this.#subject.chosen) {
    if (!result || this.#dialog.open) return;
    const { size, original, results } = this.#subject;
    this.#result = result;
    this.#dialog.querySelector("h2").textContent = `Mend ${result.name}`;
    this.#dialog.showModal();
    this.tell("Opening the picture …");
    const painting = await Painting.open(size, result.picture.blob, original?.blob);
    if (!this.#dialog.open || this.#result !== result) return; // it was closed meanwhile
    this.tool.painting = this.painting = painting;
    this.view.open(this.painting);
    this.#tellHistory();
    this.controls.open(results.filter(({ id }) => id !== result.id));
    this.stage.focus();
  }

  /** Take the last stroke back. */
  undo() {
    if (!this.tool.busy) this.#restored(this.painting.undo(), "Undone.");
  }

  /** Do it again. */
  redo() {
    if (!this.tool.busy) this.#restored(this.painting.redo(), "Done again.");
  }

  /** Zoom `in` or `out`, or `fit`. */
  zoom(how) {
    if (how === "fit") this.view.fit();
    else this.view.zoomBy(how === "in" ? 1.5 : 1 / 1.5);
  }

  /** Say what happens, to everybody. */
  tell(words) {
    this.#dialog.querySelector(".mend-words").textContent = words;
  }

  /** Leave; strokes that are not saved are only left at the second time. */
  leave() {
    if (this.painting?.can.undo && !this.#warned) {
      this.#warned = true;
      return this.tell("What you painted is not saved. Cancel again to leave without it.");
    }
    this.#dialog.close();
  }

  /** Send the matte; the mended cutout is put beside the others, and picked. */
  async save() {
    this.tool.end();
    this.#head.save.disabled = true;
    this.tell("Saving …");
    try {
      const { width, height } = this.#subject.size;
      const mask = await greyPng(width, height, this.painting.matte.alpha);
      const answer = await edit(this.#result.jobId, this.#result.id, mask);
      const [made] = answer.results;
      this.#subject.add(made, pictureOf(made.image_base64).blob);
      this.#subject.choose(made.model_id);
      this.#dialog.close();
      say(`${made.model_name} is saved.`);
    } catch (fault) {
      this.tell(`Not saved. ${wordsOf(fault)}`);
      this.#tellHistory();
    }
  }

  #watch() {
    for (const name of ["undo", "redo", "save", "leave"]) {
      this.#head[name].addEventListener("click", () => this[name]());
    }
    for (const button of this.#dialog.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => this.zoom(button.dataset.zoom));
    }
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault(); // Escape must not lose what was painted
      this.leave();
    });
    this.#dialog.addEventListener("close", () => this.#close());
  }

  #restored(box, words) {
    if (!box) return;
    this.view.draw(box);
    this.tell(words);
    this.#tellHistory();
  }

  #tellHistory() {
    const { undo, redo } = this.painting.can;
    this.#warned = false;
    this.#head.undo.disabled = this.#head.save.disabled = !undo;
    this.#head.redo.disabled = !redo;
    if (document.activeElement.disabled) this.stage.focus(); // keys go on
  }

  #moved() {
    this.#dialog.querySelector(".zoom output").textContent = `${Math.round(this.view.scale * 100)} %`;
    this.cursor.follow();
  }

  /** Hundreds of megabytes are let go of. */
  #close() {
    this.tool.cancel();
    this.cursor.hover(null);
    this.view.close();
    this.tool.aim = this.tool.painting = this.painting = null;
  }
}
