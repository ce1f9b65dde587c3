/** Formats figures, the same everywhere. */

const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 6 });
const whole = new Intl.NumberFormat("en");

export const time = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`);
export const money = (usd) => (usd === 0 ? "free" : dollars.format(usd));
export const percent = (rate) => `${Math.round(rate * 100)} %`;
export const count = (n, noun) => `${whole.format(n)} ${noun}${n === 1 ? "" : "s"}`;
export const size = (width, height) => `${width} × ${height}`;
export const sale = (commercial) => (commercial ? "Yes" : "No");

export function bytes(n) {
  return n < 1_000_000 ? `${Math.max(1, Math.round(n / 1000))} kB` : `${(n / 1_000_000).toFixed(1)} MB`;
}

/** A time of the last days: the hour, and before today the day. */
export function when(ms) {
  const then = new Date(ms);
  const hour = then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (then.toDateString() === new Date().toDateString()) return hour;
  return `${then.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" })}, ${hour}`;
}
