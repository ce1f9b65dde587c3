/**
 * The pick, from the click to the log.
 *
 * The service stores one pick per job: a later pick replaces it, and none can be deleted. "None of them" is not an undo:
 * it says something about every model. So a pick waits for HOLD_S before it is sent, and undo cancels it; after that it
 * can only be replaced. Taking the cutout sends it at once, and so does a page that is closed. The timer is paused until
 * the job has ended, and while the user is in the bar, about to undo.
 */

import { say, tell } from "../frame/voice.js";
import { logSelection, wordsOf } from "../service/service.js";

export const NONE = "none";
const HOLD_S = 5;
const TICK_S = 0.2;
const hovers = matchMedia("(hover: hover)");

/** The pick of one job after another; `changed(pick)` is called at every step. */
export class Pick {
  #bar;
  #changed;
  #job = null;
  #left_s = 0;
  #told = ""; // about the pick
  #queue = Promise.resolve(); // two picks arrive in the order in which they were made
  state = "none"; // then held, sending, logged; or failed
  choice = null; // {id, jobId, name(), shown} as it is on the page
  logged = null; // the one that the service has
  locked = false; // names were shown after a blind pick, so it cannot change

  constructor(bar, changed) {
    this.#bar = bar;
    this.#changed = changed;
    this.#find("undo").addEventListener("click", () => this.undo());
    this.#find("again").addEventListener("click", () => this.flush());
    setInterval(() => this.#tick(), TICK_S * 1000);
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
  }

  /** A new job, perhaps with a pick that the service has already; a waiting pick for the last one is sent. */
  open(logged = null) {
    this.flush();
    if (this.state === "held") tell("The pick for the picture before is not saved: its models had not finished.");
    this.#job = { ended: false };
    Object.assign(this, { choice: logged, logged, locked: false });
    this.#become(logged ? "logged" : "none");
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
    this.#become(this.logged ? "logged" : "none");
    say("Undone.");
  }

  /** Whether undo would change anything. */
  get undoable() {
    return ["held", "failed"].includes(this.state) && this.choice !== this.logged;
  }

  /** Send a waiting pick now. Resolves when it has been sent or has failed. */
  flush() {
    if (this.#job?.ended && ["held", "failed"].includes(this.state)) {
      const { choice } = this;
      this.#become("sending");
      this.#queue = this.#queue.then(() => this.#send(this.#job, choice));
    }
    return this.#queue;
  }

  /** Say something about the pick, until it changes. */
  note(words) {
    this.#bar.querySelector(".pick-words").textContent = words;
    say(words);
  }

  async #send(job, choice) {
    try {
      await logSelection({ job_id: choice.jobId, selected_model_id: choice.id, shown: choice.shown });
      if (job !== this.#job) return;
      this.logged = choice;
      if (choice === this.choice && this.state === "sending") this.#become("logged");
    } catch (fault) {
      const words = `Your pick is not saved. ${wordsOf(fault)}`;
      if (job === this.#job) this.#become("failed", words);
      else tell(`The picture before: ${words}`);
    }
  }

  get #words() {
    if (!this.choice) return "";
    return this.choice.id === NONE ? "None of them is good." : `Your pick: ${this.choice.name()}`;
  }

  #find(name) {
    return this.#bar.querySelector(`[name=${name}]`);
  }

  #hold(choice) {
    this.choice = choice;
    this.#left_s = HOLD_S;
    this.#become("held");
  }

  #tick() {
    const present = this.#bar.matches(":focus-within") || (hovers.matches && this.#bar.matches(":hover"));
    if (this.state !== "held" || !this.#job.ended || present) return;
    this.#left_s -= TICK_S;
    if (this.#left_s <= 0) this.flush();
  }

  #become(state, words) {
    this.state = state;
    this.#changed(this); // a blind board shows its names now, so that the message can use them
    this.#bar.hidden = state === "none";
    this.#bar.dataset.state = state;
    this.#find("undo").hidden = !this.undoable;
    this.#find("again").hidden = state !== "failed";
    for (const name of ["copy", "take"]) this.#find(name).hidden = this.choice?.id === NONE;
    words ??= this.#words;
    if (words && words !== this.#told) this.note(words);
    this.#told = words;
  }
}
