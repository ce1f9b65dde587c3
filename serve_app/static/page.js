/** The page, wired. */

import { Bench } from "./bench/bench.js";
import { addKeys } from "./bench/keys.js";
import { watchIntake } from "./frame/intake.js";
import { Finish } from "./finish/finish.js";
import { Panels } from "./frame/panels.js";
import { Shortcuts } from "./frame/shortcuts.js";
import { addressOf, entitle, focusHeading, watchViews } from "./frame/views.js";
import { hush, say, tell } from "./frame/voice.js";
import { money } from "./frame/words.js";
import { changes, entries, entry, entryOf, freshKey, keep } from "./kept/store.js";
import { refreshLeaderboard } from "./leaderboard/leaderboard.js";
import { Look } from "./look/look.js";
import { Finisher } from "./many/finisher.js";
import { Many } from "./many/many.js";
import { Queue } from "./many/queue.js";
import { Mend } from "./mend/mend.js";
import { nameOf } from "./pictures/pictures.js";
import { showRecent } from "./recent/recent.js";
import { Share } from "./share/share.js";
import { chosen, hasPaid, known, refreshRoster } from "./start/roster.js";
import { watchShown } from "./start/shown.js";

const byId = (id) => document.getElementById(id);
const knowledge = {
  names: (id) => known.get(id)?.name ?? id,
  usualMs: (id) => known.get(id)?.median_time_ms,
  available: (id) => Boolean(known.get(id)?.available),
  price: (id) => known.get(id)?.price_usd && money(known.get(id).price_usd),
};
const SECTIONS = { start: "start", picture: "bench", many: "many", leaderboard: "leaderboard" };
let shown = null;

const bench = new Bench(knowledge, (opened) => go(addressOf("picture", opened.key)));
const shortcuts = new Shortcuts(byId("shortcuts"), byId("keys-list"));
addKeys(shortcuts, bench);
const queue = new Queue();
const finisher = new Finisher();
queue.addEventListener("change", ({ detail }) => finisher.add([detail]));
const many = new Many(queue, finisher, shortcuts);
const panels = new Panels(byId("panel-buttons"), byId("panel"), shortcuts);
bench.subject.addEventListener("open", () => panels.close());
const mend = new Mend(byId("mend"), bench.subject);
const look = new Look(bench.subject, bench.viewport, (result) => mend.open(result));
panels.add(look);
panels.add(new Finish(bench.subject));
shortcuts.add(["v"], ["V"], "large view: picture, mask or differences", () => look.element.isConnected && look.turn());
mend.offer(byId("panel-buttons"), byId("cards"), shortcuts);
const share = new Share(byId("share-button"), byId("share"), bench.subject);
shortcuts.add(["s"], ["S"], "share a link", () => byId("bench").checkVisibility() && share.open());

const ready = refreshRoster().then(() => many.offer.allow(hasPaid()));
const go = watchViews(show);
watchIntake(byId("file"), byId("address"), take, (address) => fire(entryOf(address, nameOf(address), terms())));
// A link may bring a picture's address; whoever follows it decides whether it is fetched, which may cost money.
byId("url").value = new URLSearchParams(location.search).get("image_url") ?? "";
watchShown(byId("shown"));
byId("sample").addEventListener("click", fireSample);
byId("blind").addEventListener("change", turnBlind);
changes.addEventListener("change", () => byId("start").hidden || showRecent(queue));
resume();

async function show(view, id) {
  const changed = shown !== null && shown !== `${view}/${id}`;
  shown = `${view}/${id}`;
  for (const [name, section] of Object.entries(SECTIONS)) byId(section).hidden = name !== view;
  byId("blind-switch").hidden = view !== "picture" && view !== "start";
  if (changed) {
    bench.leave();
    hush("fault");
    focusHeading(byId(SECTIONS[view]));
  }
  if (view === "start") await showRecent(queue);
  if (view === "picture") await showPicture(id);
  if (view === "many") await showMany(id);
  if (view === "leaderboard") await showLeaderboard();
}

async function showPicture(key) {
  if (bench.entry?.key === key) return entitle(bench.entry.name);
  const [kept] = await Promise.all([entry(key), ready]);
  if (isShown("picture", key) && !(kept && (await bench.open(kept, byId("blind").checked)))) lost("picture", key);
}

async function showMany(run) {
  await ready;
  if (isShown("many", run) && !(await many.show(run))) lost("many", run);
}

async function showLeaderboard() {
  await Promise.all([bench.pick.flush(), ready]);
  await refreshLeaderboard(knowledge.names);
}

/** Whether a view still stands: somebody may have left it while something was waited for. */
const isShown = (view, id) => shown === `${view}/${id}`;

/** What an address names is not there; a message of the service may say why. */
function lost(view, id) {
  if (!isShown(view, id)) return;
  const { hidden, textContent } = byId("banner");
  go(addressOf("start"));
  if (hidden) tell(`This ${view === "many" ? "run" : "picture"} is not known to this browser any more.`, "notice");
  else tell(textContent);
}

/** The fields of a request about one picture. */
const terms = () => ({ include_models: chosen() });

async function take(files) {
  if (files.length === 1) return fire(entryOf(files[0], files[0].name, terms()));
  const run = freshKey();
  await keep(...files.map((file, place) => entryOf(file, file.name, many.offer.fields, run, place)));
  go(addressOf("many", run));
}

async function fire(made) {
  if (!chosen().length) return tell("Select at least one model.");
  if (await bench.open(made, byId("blind").checked)) await refreshRoster(); // the models' usual times have changed
}

async function fireSample() {
  const response = await fetch("static/sample.avif");
  if (!response.ok) return tell("The photograph could not be loaded.");
  await take([new File([await response.blob()], "sample.avif", { type: "image/avif" })]);
}

/** Go on with the runs that a reload has interrupted. */
async function resume() {
  const kept = (await entries()).reverse();
  queue.add(kept.filter(({ run, agreed }) => run && agreed));
  finisher.add(kept);
}

function turnBlind() {
  if (!byId("blind").checked) return bench.reveal();
  say("From the next picture on, names are hidden until you pick.");
}
