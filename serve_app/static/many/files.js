/** What a run gives: how far it is, and the files of its pictures. */

import { money } from "../frame/words.js";
import { stem } from "../pictures/pictures.js";
import { finishOf, finishedOf } from "./finisher.js";
import { winnerOf } from "./queue.js";

const AT_ONCE = 4; // files that are fetched: the service and the browser take turns

/** How many pictures are cut out or failed, have a finish to get, have it, or did not get it; and whether all is done. */
export function sums(all) {
  const cut = all.filter(({ state }) => state === "done");
  const failed = all.filter(({ state }) => state === "failed").length;
  const due = cut.filter(finishOf);
  const finished = due.filter((entry) => finishedOf(entry)?.file).length;
  const unfinished = due.filter((entry) => finishedOf(entry)?.reason).length;
  const ended = cut.length + failed === all.length && finished + unfinished === due.length;
  return { cut: cut.length, failed, finish: all.filter(finishOf).length, finished, unfinished, ended };
}

/** How far a run is, in words. */
export function wordsFor(all) {
  const { cut, failed, finish, finished, unfinished, ended } = sums(all);
  const check = all.filter(({ state, check: reason }) => state === "done" && reason).length;
  const cost = all.reduce((total, { cost_usd = 0 }) => total + cost_usd, 0);
  const words = [ended || cut === all.length ? `${cut} done` : `${cut} of ${all.length} done`];
  if (failed) words.push(`${failed} without a cutout`);
  if (check) words.push(`${check} to look at`);
  if (finish) words.push(ended ? `${finished} finished` : `${finished} of ${finish} finished`);
  if (unfinished) words.push(`${unfinished} not finished`);
  if (cost) words.push(money(cost));
  return words.join(" · ");
}

/** The pictures that have a file, each `{name, ending, file()}`: the finished one, or the cutout where no finish is chosen. */
export function filesOf(all) {
  const cut = all.filter(({ state }) => state === "done");
  return cut.map(fileOf).filter(({ file }) => file);
}

function fileOf(entry) {
  const finish = finishOf(entry);
  if (!finish) return { name: entry.name, ending: "png", file: () => winnerOf(entry) };
  const { file } = finishedOf(entry) ?? {};
  return { name: entry.name, ending: finish.ending, file: file && (() => file) };
}

/** The blobs of files, as `filesOf` gives them; `came(n)` is called when so many are there. */
export async function fetched(files, came) {
  const blobs = [];
  const left = files.entries();
  let count = 0;
  const lane = async () => {
    for (const [i, { file }] of left) {
      blobs[i] = await file();
      came((count += 1));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return blobs;
}

/** A file's name for each, after its photograph; photographs of one name get numbers. */
export function fileNames(files) {
  const seen = new Map();
  return files.map(({ name, ending }) => {
    const own = stem(name);
    const times = (seen.get(own) ?? 0) + 1;
    seen.set(own, times);
    return times === 1 ? `${own}.${ending}` : `${own}-${times}.${ending}`;
  });
}
