/** The leaderboard: pick rates with their intervals, never a rank alone. */

import { stats, wordsOf } from "../service/service.js";
import { tell } from "../frame/voice.js";
import { count, percent } from "../frame/words.js";

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
  const tallies = new Map([["", told.total], ...Object.entries(told.categories)]);
  const before = choice.value;
  choice.replaceChildren(...[...tallies].map(([name, tally]) => new Option(`${name || "All"} (${tally.picks})`, name)));
  if (tallies.has(before)) choice.value = before;
  choice.onchange = () => show(tallies.get(choice.value), nameOf);
  choice.onchange();
}

function show(tally, nameOf) {
  const models = tally.models.toSorted((a, b) => b.win_rate - a.win_rate || b.offered - a.offered);
  table.hidden = !models.length;
  body.replaceChildren(...models.map((model) => row(model, nameOf(model.model_id))));
  words.textContent = models.length ? verdict(models, nameOf) : "No picks yet. Your first pick starts the leaderboard.";
  none.textContent = tally.none ? `${count(tally.none, "picture")} of ${tally.picks}: none of them was good.` : "";
}

/** What can be concluded from the intervals. */
function verdict([first, ...rest], nameOf) {
  const rivals = rest.filter((model) => model.high >= first.low);
  if (!rest.length) return `Only ${nameOf(first.model_id)} has been offered so far.`;
  if (!rivals.length) return `${nameOf(first.model_id)} is picked more often than every other.`;
  const names = [first, ...rivals].map((model) => nameOf(model.model_id));
  return `The picks so far do not tell ${list(names)} apart: their intervals overlap.`;
}

const list = (names) => new Intl.ListFormat("en").format(names);

function row(model, name) {
  const line = make("tr", { role: "row" });
  const interval = `${Math.round(model.low * 100)} – ${percent(model.high)}`;
  const rate = make("td", { role: "cell", textContent: percent(model.win_rate) });
  rate.append(" ", make("span", { className: "quiet", textContent: interval }));
  line.append(
    make("th", { role: "rowheader", scope: "row", textContent: name }),
    make("td", { role: "cell", textContent: `${model.picks} of ${model.offered}` }),
    drawn(model),
    rate,
  );
  return line;
}

// The roles are those of the tags: a browser forgets them where a phone's style sheet lays the row out as a grid.
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

/** The interval as a bar, the rate as a dot on it; the next cell says the same in figures. */
function drawn({ low, high, win_rate }) {
  const place = make("td", { role: "cell", className: "axis", ariaHidden: "true" });
  const scale = make("div", {});
  for (const [name, left, width] of [["span", low, high - low], ["dot", win_rate, 0]]) {
    const mark = make("i", { className: name });
    mark.style.left = `${left * 100}%`;
    if (width) mark.style.width = `${width * 100}%`;
    scale.append(mark);
  }
  place.append(scale);
  return place;
}
