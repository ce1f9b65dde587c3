/** What this browser remembers of the pictures that were sent, in IndexedDB; where that is closed, until a reload. */

const NAME = "cutout";
const ENTRIES = "entries"; // without their sources
const SOURCES = "sources"; // by the entries' keys: a browser copies a file whenever what holds it is stored again
const KEEP_MS = 7 * 86_400_000; // as long as the service keeps a job
const database = new Promise((resolve) => {
  const opening = indexedDB.open(NAME, 2);
  opening.onupgradeneeded = ({ oldVersion }) => {
    if (oldVersion) opening.result.deleteObjectStore(ENTRIES); // of the first version, which had all in one store
    opening.result.createObjectStore(ENTRIES, { keyPath: "key" });
    opening.result.createObjectStore(SOURCES);
  };
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = opening.onblocked = () => resolve(null); // a private window refuses it, an older page holds it
});
const memory = new Map();
const stored = new WeakSet(); // entries whose source is in the database
const gone = new WeakSet(); // entries that were forgotten while their job was on the way

/** Dispatches `change` when entries are kept. */
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

/** Remember entries as they are now. */
export async function keep(...given) {
  const kept = given.filter((entry) => !gone.has(entry));
  for (const entry of kept) memory.set(entry.key, entry);
  await inStores("readwrite", (entries, sources) => kept.map((entry) => put(entry, entries, sources)));
  changes.dispatchEvent(new Event("change"));
}

/** The entry of a key, or undefined. */
export async function entry(key) {
  if (memory.has(key)) return memory.get(key);
  const [kept, source] = (await inStores("readonly", (entries, sources) => [entries.get(key), sources.get(key)])) ?? [];
  return kept && remember(kept, source);
}

/** All entries that are still kept by the service, the newest first. */
export async function entries() {
  const asked = await inStores("readonly", (kept, sources) => [kept.getAll(), sources.getAllKeys(), sources.getAll()]);
  const all = asked ? recalled(...asked) : [...memory.values()];
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

async function unname(entry) {
  memory.delete(entry.key);
  stored.delete(entry);
  await inStores("readwrite", (...stores) => stores.map((store) => store.delete(entry.key)));
}

function recalled(kept, keys, files) {
  const sources = new Map(keys.map((key, i) => [key, files[i]]));
  return kept.map((one) => memory.get(one.key) ?? remember(one, sources.get(one.key)));
}

function put(entry, entries, sources) {
  const { source, ...rest } = entry;
  if (!stored.has(entry)) sources.put(source, entry.key);
  stored.add(entry);
  return entries.put(rest);
}

function remember(one, source) {
  if (one.state === "working") one.state = "waiting"; // it was interrupted
  one.source = source;
  stored.add(one);
  memory.set(one.key, one);
  return one;
}

/** What the requests give that `ask(entries, sources)` makes in one transaction; undefined without a database. */
async function inStores(mode, ask) {
  const opened = await database;
  if (!opened) return undefined;
  const transaction = opened.transaction([ENTRIES, SOURCES], mode);
  const asked = ask(transaction.objectStore(ENTRIES), transaction.objectStore(SOURCES));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked.map(({ result }) => result));
    transaction.onabort = () => reject(transaction.error);
  });
}
