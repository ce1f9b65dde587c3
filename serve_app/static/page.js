/** The page, wired. */

import { Bench } from "./bench/bench.js";
import { watchIntake } from "./frame/intake.js";
import { Panels } from "./frame/panels.js";
import { Shortcuts } from "./frame/shortcuts.js";
import { focusHeading, watchViews } from "./frame/views.js";
import { say, tell } from "./frame/voice.js";
import { refreshLeaderboard } from "./leaderboard/leaderboard.js";
import { Look } from "./look/look.js";
import { Mend } from "./mend/mend.js";
import { chosen, known, refreshRoster } from "./start/roster.js";

const byId = (id) => document.getElementById(id);
const knowledge = {
  names: (id) => known.get(id)?.name ?? id,
  usualMs: (id) => known.get(id)?.median_time_ms,
};
let shown = null;
let onBench = false;

const bench = new Bench(knowledge, () => {
  onBench = true;
  go("choose");
});
const shortcuts = new Shortcuts(byId("shortcuts"), byId("keys-list"));
bench.addKeys(shortcuts);
const panels = new Panels(byId("panel-buttons"), byId("panel"), shortcuts);
bench.subject.addEventListener("open", () => panels.close());
const mend = new Mend(byId("mend"), bench.subject);
const look = new Look(bench.subject, bench.viewport, (result) => mend.open(result));
panels.add(look);
shortcuts.add(["v"], ["V"], "large view: picture, mask or differences", () => look.element.isConnected && look.turn());
mend.offer(byId("panel-buttons"), shortcuts);

const ready = refreshRoster();
const go = watchViews(show);
watchIntake(byId("file"), byId("address"), fire);
byId("sample").addEventListener("click", fireSample);
byId("blind").addEventListener("change", turnBlind);

async function show(view) {
  byId("start").hidden = view !== "choose" || onBench;
  byId("bench").hidden = view !== "choose" || !onBench;
  byId("leaderboard").hidden = view !== "leaderboard";
  byId("bench-acts").hidden = view !== "choose";
  byId("another").hidden = !onBench;
  if (shown) focusHeading(document.querySelector("main > section:not([hidden])"));
  shown = view;
  if (view !== "leaderboard") return;
  await Promise.all([bench.pick.flush(), ready]);
  await refreshLeaderboard(knowledge.names);
}

async function fire(picture) {
  const models = chosen();
  if (!models.length) return tell("Select at least one model.");
  await bench.fire(picture, byId("blind").checked, models);
  await refreshRoster(); // the models' usual times have changed
}

async function fireSample() {
  const response = await fetch("static/sample.jpg");
  if (!response.ok) return tell("The photograph could not be loaded.");
  await fire(new File([await response.blob()], "sample.jpg", { type: "image/jpeg" }));
}

function turnBlind() {
  if (!byId("blind").checked) return bench.reveal();
  say("From the next picture on, names are hidden until you pick.");
}
