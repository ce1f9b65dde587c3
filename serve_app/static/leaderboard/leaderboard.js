/**
 * The leaderboard, with intervals, never a rank alone: how often each model is chosen over an average one, as learned from
 * all picks; until that is known, how often it was picked when it was offered.
 */

import { stats, wordsOf } from "../service/service.js";
import { tell } from "../frame/voice.js";
import { count, percent } from "../frame/words.js";

const section = document.getElementById("leaderboard");
const choice = document.getElementById("category");
const words = document.getElementById("leaderboard-words");
const rates = document.getElementById("leaderboard-rates");
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
  const worths = (name) => (name ? told.worths.categories[name] ?? [] : told.worths.models);
  const before = choice.value;
  choice.replaceChildren(...[...tallies].map(([name, tally]) => new Option(`${name || "All"} (${tally.picks})`, name)));
  if (tallies.has(before)) choice.value = before;
  choice.onchange = () => show(tallies.get(choice.value), worths(choice.value), nameOf);
  choice.onchange();
}

function show(tally, worths, nameOf) {
  const known = new Map(worths.filter((worth) => worth.is_known).map((worth) => [worth.model_id, worth]));
  const rated = tally.models.map((model) => (known.size ? judged(model, known) : { ...model, rate: model.win_rate }));
  const models = rated.toSorted((a, b) => b.rate - a.rate || b.offered - a.offered);
  table.hidden = !models.length;
  rates.textContent = known.size ? "Chosen over an average one" : "Rate";
  body.replaceChildren(...models.map((model) => row(model, nameOf(model.model_id))));
  words.textContent = models.length
    ? verdict(models.filter(({ low }) => low !== undefined), known.size, nameOf)
    : "No picks yet. Your first pick starts the leaderboard.";
  none.textContent = tally.none ? `${count(tally.none, "picture")} of ${tally.picks}: none of them was good.` : "";
}

/** A model by what was learned of it; one that was offered too seldom has no interval, and comes last. */
function judged(model, known) {
  const { chance, low, high } = known.get(model.model_id) ?? { chance: -1 };
  return { ...model, rate: chance, low, high };
}

/** What can be concluded from the intervals. */
function verdict([first, ...rest], learned, nameOf) {
  const rivals = rest.filter((model) => model.high >= first.low);
  const best = nameOf(first.model_id);
  if (!rest.length) return `Only ${best} has been offered ${learned ? "often enough" : "so far"}.`;
  if (!rivals.length && !learned) return `${best} is picked more often than every other.`;
  if (!rivals.length) return `People choose ${best} over an average cutout ${Math.round(first.rate * 10)} times in 10.`;
  const names = [first, ...rivals].map((model) => nameOf(model.model_id));
  return `The picks so far do not tell ${list(names)} apart: their intervals overlap.`;
}

const list = (names) => new Intl.ListFormat("en").format(names);

function row(model, name) {
  const line = make("tr", { role: "row" });
  const known = model.low !== undefined;
  const interval = known ? `${Math.round(model.low * 100)} – ${percent(model.high)}` : "shown too seldom";
  const rate = make("td", { role: "cell", textContent: known ? percent(model.rate) : "" });
  rate.append(" ", make("span", { className: "quiet", textContent: interval }));
  line.append(
    make("th", { role: "rowheader", scope: "row", textContent: name }),
    make("td", { role: "cell", textContent: `${model.picks} of ${model.offered}` }),
    drawn(model, known),
    rate,
  );
  return line;
}

// The roles are those of the tags: a browser forgets them where a phone's style sheet lays the row out as a grid.
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

/** The interval as a bar, the rate as a dot on it; the next cell says the same in figures. */
function drawn({ low, high, rate }, known) {
  const place = make("td", { role: "cell", className: "axis", ariaHidden: "true" });
  const scale = make("div", {});
  for (const [name, left, width] of known ? [["span", low, high - low], ["dot", rate, 0]] : []) {
    const mark = make("i", { className: name });
    mark.style.left = `${left * 100}%`;
    if (width) mark.style.width = `${width * 100}%`;
    scale.append(mark);
  }
  place.append(scale);
  return place;
}
