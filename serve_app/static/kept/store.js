/** What this browser remembers of the pictures that were sent, in IndexedDB; where that is closed, until a reload. */

const NAME = "cutout";
const ENTRIES = "entries";
const KEEP_MS = 7 * 86_400_000; // as long as the service keeps a job
const database = new Promise((resolve) => {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(ENTRIES, { keyPath: "key" });
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => resolve(null); // a private window may refuse it
});
const memory = new Map();
const gone = new WeakSet(); // entries that were forgotten while their job was on the way

/** Dispatches `change` when an entry is kept. */
export const changes = new EventTarget();

/**
 * A picture that is to be cut out. `source` is a file or an address, `fields` are those of its request, which `key` makes
 * the same job whenever it is sent again, and `run` is the run of many pictures in which it has its `place`.
 */
export function entryOf(source, name, fields, run = null, place = 0) {
  const asked = { key: freshKey(), source, name, fields, run, place, created: Date.now(), tries: 0, retried: [] };
  return { ...asked, state: "waiting", jobId: null, winner: null, picked: false, thumb: null, reason: null, finishes: [], finished: null };
}

/** A random key, in a page without TLS too, which has no randomUUID. */
export function freshKey() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Remember an entry as it is now. */
export async function keep(entry) {
  if (gone.has(entry)) return;
  memory.set(entry.key, entry);
  await inStore("readwrite", (store) => store.put(entry));
  changes.dispatchEvent(new Event("change"));
}

/** The entry of a key, or undefined. */
export async function entry(key) {
  return memory.get(key) ?? remember(await inStore("readonly", (store) => store.get(key)));
}

/** All entries that are still kept by the service, the newest first. */
export async function entries() {
  const stored = (await inStore("readonly", (store) => store.getAll())) ?? [...memory.values()];
  const all = stored.map((one) => memory.get(one.key) ?? remember(one));
  const old = all.filter((one) => one.created < Date.now() - KEEP_MS);
  await Promise.all(old.map(forget));
  return all.filter((one) => !old.includes(one)).sort((a, b) => b.created - a.created || b.place - a.place);
}

/** Forget an entry. */
export async function forget(entry) {
  gone.add(entry);
  await unname(entry);
}

/** Whether an entry was forgotten, so that nothing need be done for it any more. */
export const isForgotten = (entry) => gone.has(entry);

/** Give an entry another key; a request of it is another job then. */
export async function rename(entry, key) {
  await unname(entry);
  entry.key = key;
  await keep(entry);
}

async function unname({ key }) {
  memory.delete(key);
  await inStore("readwrite", (store) => store.delete(key));
}

function remember(one) {
  if (!one) return undefined;
  if (one.state === "working") one.state = "waiting"; // it was interrupted
  memory.set(one.key, one);
  return one;
}

async function inStore(mode, work) {
  const opened = await database;
  if (!opened) return undefined;
  const asked = work(opened.transaction(ENTRIES, mode).objectStore(ENTRIES));
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
