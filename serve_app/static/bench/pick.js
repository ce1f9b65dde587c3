/**
 * The pick, from the click to the log.
 *
 * The service stores one pick per job: a later pick replaces it, and none can be deleted. "None of them" is not an undo:
 * it says something about every model. So a pick waits for HOLD_S before it is sent, and undo cancels it; after that it
 * can only be replaced. The timer is paused until the job has ended, and while the user is in the bar, writing a note or
 * about to undo. A page that is closed sends a waiting pick.
 */

import { logSelection, wordsOf } from "../service/service.js";
import { say, tell } from "../frame/voice.js";

export const NONE = "none";
const HOLD_S = 5;
const TICK_S = 0.2;
const hovers = matchMedia("(hover: hover)");

/** The pick of one job after another; `changed(pick)` is called at every step. */
export class Pick {
  #form;
  #changed;
  #job = null;
  #left_s = 0;
  #queue = Promise.resolve(); // two picks arrive in the order in which they were made
  state = "none"; // then held, sending, logged; or failed
  choice = null; // {id, name()} as it is on the page
  logged = null; // the one that the service has
  locked = false; // names were shown after a blind pick, so it cannot change

  constructor(form, changed) {
    this.#form = form;
    this.#changed = changed;
    form.elements.undo.addEventListener("click", () => this.undo());
    form.addEventListener("input", () => this.choice && this.#hold(this.choice));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.flush();
    });
    setInterval(() => this.#tick(), TICK_S * 1000);
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
  }

  /** A new job; a waiting pick for the last one is sent. */
  open(jobId) {
    this.flush();
    if (this.state === "held") tell(`${this.choice.name()} was not logged: its job had not ended.`);
    this.#job = { id: jobId, ended: false };
    Object.assign(this, { choice: null, logged: null, locked: false });
    this.#form.reset();
    this.#become("none", "");
  }

  /** The job has ended; from now on its pick can be logged. */
  end() {
    this.#job.ended = true;
    if (this.state === "held") this.#hold(this.choice);
  }

  /** Pick a cutout, or another one than before. */
  choose(choice) {
    if (this.locked) return say("The names are shown now: a blind pick cannot be changed.");
    if (choice.id !== this.choice?.id || this.state === "failed") this.#hold(choice);
  }

  /** Cancel a pick that has not been sent. */
  undo() {
    if (!this.undoable) return;
    this.choice = this.logged;
    if (this.logged) this.#become("logged", `Undone. Still logged: ${this.logged.name()}.`);
    else this.#become("none", "Undone. Nothing was logged.");
  }

  /** Whether undo would change anything. */
  get undoable() {
    return ["held", "failed"].includes(this.state) && this.choice !== this.logged;
  }

  /** Send a waiting pick now. Resolves when it has been sent or has failed. */
  flush() {
    if (this.#job?.ended && ["held", "failed"].includes(this.state)) {
      const { choice } = this;
      const { category, note } = this.#form.elements;
      const body = { job_id: this.#job.id, selected_model_id: choice.id };
      if (category.value.trim()) body.image_category = category.value.trim();
      if (note.value.trim()) body.notes = note.value.trim();
      this.#become("sending", `Logging ${choice.name()} …`);
      this.#queue = this.#queue.then(() => this.#send(this.#job, choice, body));
    }
    return this.#queue;
  }

  async #send(job, choice, body) {
    try {
      await logSelection(body);
      if (job !== this.#job) return;
      this.logged = choice;
      if (choice === this.choice && this.state === "sending") this.#become("logged");
    } catch (fault) {
      const words = `Not logged. ${wordsOf(fault)}`;
      if (job === this.#job) this.#become("failed", words);
      else tell(`Your pick for the previous picture: ${words}`);
    }
  }

  #hold(choice) {
    this.choice = choice;
    this.#left_s = HOLD_S;
    const when = this.#job.ended ? "" : " It is logged when every model is done.";
    this.#become("held", `Picked ${choice.name()}.${when}`);
  }

  #tick() {
    const present = this.#form.matches(":focus-within") || (hovers.matches && this.#form.matches(":hover"));
    if (this.state !== "held" || !this.#job.ended || present) return;
    this.#left_s -= TICK_S;
    this.#form.style.setProperty("--left", Math.max(0, this.#left_s / HOLD_S));
    if (this.#left_s <= 0) this.flush();
  }

  #become(state, words) {
    this.state = state;
    this.#changed(this); // a blind board shows its names now, so that the message can use them
    words ??= `Logged: ${this.logged.name()}. ${this.locked ? "" : "Pick another to replace it."}`;
    this.#form.hidden = state === "none";
    this.#form.dataset.state = state;
    this.#form.querySelector(".pick-words").textContent = words;
    this.#form.style.setProperty("--left", 1);
    this.#form.elements.undo.hidden = !this.undoable;
    const send = this.#form.querySelector("[type=submit]");
    send.hidden = !["held", "failed"].includes(state);
    send.disabled = !this.#job.ended;
    send.textContent = state === "failed" ? "Try again" : "Log now";
    if (words) say(words);
  }
}
