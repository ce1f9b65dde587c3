/** What a run would cost, and the button that starts it: nothing that is paid for runs before that is clicked. */

import { tell } from "../frame/voice.js";
import { count, money } from "../frame/words.js";
import { estimate, wordsOf } from "../service/service.js";

const KEPT = "cutout-paid";
const NO_REMOTE = { models: ["auto"], local_only: true };

/** The switch for paid models, the price and the button; `agreed()` is called when a run may begin. */
export class Offer {
  #paid;
  #price;
  #run;
  #pictures = 0;

  constructor(paid, price, run, { agreed, changed }) {
    Object.assign(this, { agreed, changed });
    this.#paid = paid;
    this.#price = price;
    this.#run = run;
    paid.checked = localStorage.getItem(KEPT) === "on";
    paid.addEventListener("change", () => this.#switched());
    run.addEventListener("click", () => this.#agree());
  }

  /** Whether paid models take part. */
  get isPaid() {
    return this.#paid.checked && !this.#paid.closest("label").hidden;
  }

  /** The fields of a request of this offer. */
  get fields() {
    return { include_models: "auto", local_only: !this.isPaid };
  }

  /** Offer the switch where there are paid models. */
  allow(hasPaid) {
    this.#paid.closest("label").hidden = !hasPaid;
  }

  /** Show what so many pictures would cost; none: nothing is left to be started. */
  async show(pictures) {
    this.#pictures = pictures;
    this.#run.hidden = !pictures || !this.isPaid;
    this.#run.disabled = true;
    this.#price.textContent = "";
    if (!pictures) return;
    try {
      const { estimate_usd, least_usd } = await estimate(this.isPaid ? { models: ["auto"] } : NO_REMOTE);
      if (pictures !== this.#pictures) return;
      this.#price.textContent = priceOf(least_usd * pictures, estimate_usd * pictures);
      this.#run.textContent = `Run ${count(pictures, "picture")}`;
      this.#run.disabled = false;
    } catch (fault) {
      tell(wordsOf(fault));
    }
  }

  #agree() {
    this.#run.hidden = true;
    this.#price.textContent = "";
    this.agreed();
  }

  #switched() {
    localStorage.setItem(KEPT, this.#paid.checked ? "on" : "off");
    this.changed();
  }
}

function priceOf(least, most) {
  if (!most) return "Free: all of it runs on this server.";
  return least ? `${money(least)} to ${money(most)}` : `Free to ${money(most)}: paid models only help where others fail.`;
}
