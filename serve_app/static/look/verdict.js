/** Which cutout the service would choose, and why, in plain words. */

import { percent } from "../frame/words.js";

const MEASURES = [
  ["agreement", (value) => `agrees most with the others (${percent(value)})`],
  ["edge_alignment", () => "follows the edges of the photograph best"],
  ["sharpness", () => "leaves the least half transparent"],
];

/** A sentence or two on `summary`, a job's last event, and its `results`, see Subject; empty where nothing was compared. */
export function verdict(summary, results) {
  const best = results.find(({ id }) => id === summary?.selected_model_id);
  if (!best) return "";
  return [choice(best, summary.results), doubt(summary)].filter(Boolean).join(" ");
}

function choice({ id, name }, bodies) {
  const scored = bodies.filter(({ score }) => score != null);
  const own = scored.find(({ model_id }) => model_id === id);
  if (scored.length < 2 || !own) return "";
  const others = scored.filter((one) => one !== own);
  const won = MEASURES.filter(([field]) => others.every((one) => own[field] > one[field]));
  const reasons = won.map(([field, words]) => words(own[field]));
  return `The service would choose ${name}: it ${reasons.length ? listed(reasons) : "has the best balance of all"}.`;
}

function doubt({ needs_review, agreement }) {
  if (!needs_review) return "";
  if (agreement == null) return "There is no other cutout to compare it with: look closely before you use it.";
  return "The cutouts differ more than usual: look closely before you use it.";
}

const listed = (parts) => (parts.length < 3 ? parts.join(" and ") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`);
