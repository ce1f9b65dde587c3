/** The models that a picture will be fired at, with price and licence; and those that cannot work, and why. */

import { models, wordsOf } from "./service.js";
import { tell } from "./voice.js";
import { count, money, sale, sentence, time } from "./words.js";

const STARTING_S = 3;
const list = document.getElementById("roster");
const sum = document.getElementById("roster-sum");

/** Every model's card of GET /models by its id, as last heard. */
export const known = new Map();

/** Ask for the models and show them; asks again while one is starting. */
export async function refreshRoster() {
  try {
    const cards = await models();
    known.clear();
    for (const card of cards) known.set(card.id, card);
    show(cards);
    if (cards.some((card) => card.state === "starting")) setTimeout(refreshRoster, STARTING_S * 1000);
  } catch (fault) {
    tell(wordsOf(fault));
  }
}

function show(cards) {
  const ready = cards.filter((card) => card.available);
  const rest = cards.filter((card) => !card.available);
  list.replaceChildren(...ready.map(readyRow), ...rest.map(absentRow));
  const price = ready.reduce((total, card) => total + card.price_usd, 0);
  sum.textContent = `${count(ready.length, "model")} ready; one picture costs ${price ? money(price) : "nothing"} in all.`;
}

function readyRow(card) {
  const usual = card.median_time_ms ? `usually ${time(card.median_time_ms)}` : "";
  const facts = [`${card.licence}, ${sale(card.commercial_use)}`, usual].filter(Boolean).join(" · ");
  return row(card.name, money(card.price_usd), facts, "ready");
}

function absentRow(card) {
  if (card.state === "starting") return row(card.name, "starting", "", "starting");
  return row(card.name, "unavailable", sentence(card.reason ?? "no reason is known"), "absent");
}

function row(name, figure, facts, kind) {
  const item = document.createElement("li");
  item.className = kind;
  for (const [tag, text] of [["strong", name], ["span", figure], ["p", facts]]) {
    item.append(Object.assign(document.createElement(tag), { textContent: text }));
  }
  return item;
}
