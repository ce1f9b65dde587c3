/** The pictures that were sent lately, a run of many as one. */

import { addressOf } from "../frame/views.js";
import { tell } from "../frame/voice.js";
import { count, when } from "../frame/words.js";
import { entries, forget } from "../kept/store.js";
import { forgetJob, wordsOf } from "../service/service.js";
import { Picture } from "../pictures/pictures.js";

const MOST = 24;
const section = document.getElementById("recent");
const list = section.querySelector("ol");
const shown = [];

/** Show them; a run or a picture of its own is one item. What is deleted leaves `queue`, too. */
export async function showRecent(queue) {
  const groups = grouped((await entries()).filter((entry) => entry.jobId || entry.run));
  for (const picture of shown.splice(0)) picture.release();
  section.hidden = !groups.length;
  list.replaceChildren(...groups.slice(0, MOST).map((group) => item(group, queue)));
}

function grouped(all) {
  const groups = new Map();
  for (const entry of all) {
    const id = entry.run ?? entry.key;
    groups.set(id, [...(groups.get(id) ?? []), entry]);
  }
  return [...groups.values()];
}

function item(group, queue) {
  const newest = group.find((entry) => entry.thumb) ?? group[0];
  const name = newest.run ? count(group.length, "picture") : newest.name;
  const row = document.getElementById("recent-template").content.cloneNode(true).firstElementChild;
  const link = row.querySelector("a");
  link.href = newest.run ? addressOf("many", newest.run) : addressOf("picture", newest.key);
  row.querySelector(".recent-name").textContent = name;
  row.querySelector(".recent-when").textContent = when(newest.created);
  if (newest.thumb) {
    const picture = new Picture(newest.thumb);
    shown.push(picture);
    row.querySelector("img").src = picture.url;
  }
  const remove = row.querySelector("button");
  remove.ariaLabel = `Delete ${name}, ${when(newest.created)}`;
  remove.addEventListener("click", async () => {
    queue.withdraw(newest.run);
    await Promise.all(group.map(forget));
    await showRecent(queue);
    await forgetJobs(group);
  });
  return row;
}

/** Delete the jobs of entries on the service, one after the other: a run may have hundreds. */
async function forgetJobs(group) {
  try {
    for (const { jobId, retried } of group) {
      for (const id of [jobId, ...retried]) if (id) await forgetJob(id);
    }
  } catch (fault) {
    tell(`Not everything is deleted on the server. ${wordsOf(fault)}`);
  }
}
