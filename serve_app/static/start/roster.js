/** The models that one picture is sent to, with price and licence; and unavailable ones, with the reason. */

import { tell } from "../frame/voice.js";
import { count, money, sale, time } from "../frame/words.js";
import { reasonOf } from "../service/plain.js";
import { models, wordsOf } from "../service/service.js";

const STARTING_S = 3;
const KEPT = "cutout-models";
const FUSED = "fused";
const LOCAL = "local_rembg"; // as the service names what runs on it
const list = document.getElementById("roster");
const sum = document.getElementById("roster-sum");
const choices = JSON.parse(localStorage.getItem(KEPT) ?? "{}"); // whether the user wants a model, by its id

/** Every model's card of GET /models by its id, as last received, and those of `auto` and `fused`. */
export const known = new Map();

/** Ask for the models and show them; asks again while one is starting. */
export async function refreshRoster() {
  try {
    const { models: cards, combinations } = await models();
    known.clear();
    for (const card of [...cards, ...combinations]) known.set(card.id, card);
    show(cards);
    if (cards.some((card) => card.state === "starting")) setTimeout(refreshRoster, STARTING_S * 1000);
  } catch (fault) {
    tell(wordsOf(fault));
  }
}

const ready = () => [...known.values()].filter((card) => card.available && !card.models);
const isWanted = ({ id, provider }) => choices[id] ?? provider === LOCAL; // others cost something
const wanted = () => ready().filter(isWanted);

/** What to ask for: `all`, or models' ids, and `fused`, which is made of several; empty when no model is selected. */
export function chosen() {
  const ids = wanted().length === ready().length ? ["all"] : wanted().map((card) => card.id);
  return wanted().length > 1 && fused().some(isWanted) ? [...ids, FUSED] : ids;
}

const fused = () => [known.get(FUSED)].filter((card) => card?.available);

/** Whether a model could be asked that costs something. */
export const hasPaid = () => ready().some((card) => card.price_usd > 0 && card.provider !== LOCAL);

function show(cards) {
  const focused = list.contains(document.activeElement) ? document.activeElement.value : null;
  const absent = cards.filter((card) => !card.available);
  list.replaceChildren(...[...ready(), ...fused()].map(readyRow), ...absent.map(absentRow));
  for (const box of list.querySelectorAll("input")) if (box.value === focused) box.focus();
  tellSum();
}

function tellSum() {
  const price = wanted().reduce((total, card) => total + card.price_usd, 0);
  const models = `${wanted().length} of ${count(ready().length, "model")}`;
  sum.textContent = `${models} · ${price ? `${money(price)} a picture` : "free"}`;
}

function readyRow(card) {
  const usual = card.median_time_ms ? `usually ${time(card.median_time_ms)}` : "";
  const resale = `For resale: ${sale(card.commercial_use).toLowerCase()}`;
  const item = row(card.name, money(card.price_usd), [resale, usual].filter(Boolean).join(" · "), "ready");
  item.querySelector("p").title = `Licence: ${card.licence}`;
  const given = { type: "checkbox", value: card.id, checked: isWanted(card) };
  const box = Object.assign(document.createElement("input"), given);
  const label = document.createElement("label");
  label.append(box, item.firstChild);
  item.prepend(label);
  box.addEventListener("change", () => {
    choices[card.id] = box.checked;
    localStorage.setItem(KEPT, JSON.stringify(choices));
    tellSum();
  });
  return item;
}

function absentRow(card) {
  if (card.state === "starting") return row(card.name, "starting", "", "starting");
  return row(card.name, "not available", reasonOf(card.reason ?? "No reason is known."), "absent");
}

function row(name, figure, facts, kind) {
  const item = document.createElement("li");
  item.className = kind;
  for (const [tag, text] of [["strong", name], ["span", figure], ["p", facts]]) {
    item.append(Object.assign(document.createElement(tag), { textContent: text }));
  }
  return item;
}
