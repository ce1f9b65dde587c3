/** The models that a picture will be sent to, with price and licence; and unavailable ones, with the reason. */

import { models, wordsOf } from "../service/service.js";
import { tell } from "../frame/voice.js";
import { count, money, sale, sentence, time } from "../frame/words.js";

const STARTING_S = 3;
const list = document.getElementById("roster");
const sum = document.getElementById("roster-sum");

const leftOut = new Set(); // ids of models that the user has switched off

/** Every model's card of GET /models by its id, as last received. */
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

const ready = () => [...known.values()].filter((card) => card.available);
const wanted = () => ready().filter((card) => !leftOut.has(card.id));

/** The models to use: `all`, or a list of ids; empty when none is selected. */
export const chosen = () => (wanted().length === ready().length ? ["all"] : wanted().map((card) => card.id));

function show(cards) {
  const focused = list.contains(document.activeElement) ? document.activeElement.value : null;
  const absent = cards.filter((card) => !card.available);
  list.replaceChildren(...ready().map(readyRow), ...absent.map(absentRow));
  for (const box of list.querySelectorAll("input")) if (box.value === focused) box.focus();
  tellSum();
}

function tellSum() {
  const price = wanted().reduce((total, card) => total + card.price_usd, 0);
  const all = wanted().length === ready().length;
  const models = all ? `${count(ready().length, "model")} ready` : `${wanted().length} of ${ready().length} chosen`;
  sum.textContent = `${models}; one picture costs ${price ? money(price) : "nothing"} in all.`;
}

function readyRow(card) {
  const usual = card.median_time_ms ? `usually ${time(card.median_time_ms)}` : "";
  const facts = [`${card.licence}, ${sale(card.commercial_use)}`, usual].filter(Boolean).join(" · ");
  const item = row(card.name, money(card.price_usd), facts, "ready");
  const given = { type: "checkbox", value: card.id, checked: !leftOut.has(card.id) };
  const box = Object.assign(document.createElement("input"), given);
  const label = document.createElement("label");
  label.append(box, item.firstChild);
  item.prepend(label);
  box.addEventListener("change", () => {
    if (box.checked) leftOut.delete(card.id);
    else leftOut.add(card.id);
    tellSum();
  });
  return item;
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
