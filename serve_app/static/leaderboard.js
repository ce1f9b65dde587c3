/** What all picks add up to: rates with their intervals, never a bare rank. */

import { stats, wordsOf } from "./service.js";
import { tell } from "./voice.js";
import { count, percent } from "./words.js";

const section = document.getElementById("leaderboard");
const choice = document.getElementById("category");
const words = document.getElementById("leaderboard-words");
const none = document.getElementById("leaderboard-none");
const table = section.querySelector("table");
const body = section.querySelector("tbody");

/** Ask for the picks and show them; `nameOf(id)` is a model's name. */
export async function refreshLeaderboard(nameOf) {
  let told;
  try {
    told = await stats();
  } catch (fault) {
    return tell(wordsOf(fault));
  }
  const tallies = new Map([["All", told.total], ...Object.entries(told.categories)]);
  const before = choice.value;
  choice.replaceChildren(...[...tallies].map(([name, tally]) => new Option(`${name} (${tally.picks})`, name)));
  if (tallies.has(before)) choice.value = before;
  choice.onchange = () => show(tallies.get(choice.value), nameOf);
  choice.onchange();
}

function show(tally, nameOf) {
  const models = tally.models.toSorted((a, b) => b.win_rate - a.win_rate || b.offered - a.offered);
  table.hidden = !models.length;
  body.replaceChildren(...models.map((model) => row(model, nameOf(model.model_id))));
  words.textContent = models.length ? verdict(models, nameOf) : "No picks yet. The first one that you make starts it.";
  none.textContent = tally.none ? `${count(tally.none, "picture")} of ${tally.picks}: none of them was good.` : "";
}

/** What the intervals allow to be said. */
function verdict([first, ...rest], nameOf) {
  const rivals = rest.filter((model) => model.high >= first.low);
  if (!rest.length) return `Only ${nameOf(first.model_id)} was offered so far.`;
  if (!rivals.length) return `${nameOf(first.model_id)} is picked more often than every other.`;
  const names = [first, ...rivals].map((model) => nameOf(model.model_id));
  return `The picks so far do not tell ${list(names)} apart: their intervals overlap.`;
}

const list = (names) => new Intl.ListFormat("en").format(names);

function row(model, name) {
  const line = document.createElement("tr");
  const head = cell("th", name);
  head.scope = "row";
  line.append(head, cell("td", `${model.picks} of ${model.offered}`), drawn(model));
  const rate = cell("td", percent(model.win_rate));
  const interval = `${Math.round(model.low * 100)} – ${percent(model.high)}`;
  rate.append(" ", Object.assign(document.createElement("span"), { className: "quiet", textContent: interval }));
  line.append(rate);
  return line;
}

const cell = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });

/** The interval as a bar, the rate as a dot on it; the next cell says the same in figures. */
function drawn({ low, high, win_rate }) {
  const place = document.createElement("td");
  place.className = "axis";
  place.setAttribute("aria-hidden", "true");
  const scale = document.createElement("div");
  for (const [name, left, width] of [["span", low, high - low], ["dot", win_rate, 0]]) {
    const mark = document.createElement("i");
    mark.className = name;
    mark.style.left = `${left * 100}%`;
    if (width) mark.style.width = `${width * 100}%`;
    scale.append(mark);
  }
  place.append(scale);
  return place;
}
