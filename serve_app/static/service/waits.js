/** Waits that a busy service asks for, shown as one quiet count-down. */

import { say } from "../frame/voice.js";

const line = document.getElementById("waiting");
const ends = new Set(); // one a wait, in ms since 1970
let ticking = null;

/** Resolves after so many seconds; rejects with an AbortError when `signal` is aborted. */
export async function waited(seconds, signal) {
  const end = { at: Date.now() + seconds * 1000 };
  if (!ends.size) say("The server is busy; this goes on by itself.");
  ends.add(end);
  ticking ??= setInterval(tell, 1000);
  tell();
  try {
    await pause(seconds * 1000, signal);
  } finally {
    ends.delete(end);
    tell();
  }
}

function tell() {
  line.hidden = !ends.size;
  if (!ends.size) {
    clearInterval(ticking);
    ticking = null;
    return;
  }
  const left_s = Math.ceil((Math.min(...[...ends].map(({ at }) => at)) - Date.now()) / 1000);
  line.textContent = `The server is busy. Goes on in ${Math.max(1, left_s)} s.`;
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
