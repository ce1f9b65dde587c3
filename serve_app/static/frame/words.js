/** Formats figures, the same everywhere. */

const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 6 });
const whole = new Intl.NumberFormat("en");

export const time = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`);
export const money = (usd) => (usd === 0 ? "free" : dollars.format(usd));
export const percent = (rate) => `${Math.round(rate * 100)} %`;
export const count = (n, noun) => `${whole.format(n)} ${noun}${n === 1 ? "" : "s"}`;
export const size = (width, height) => `${width} × ${height}`;
export const sale = (commercial) => (commercial ? "commercial use" : "no commercial use");
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function bytes(n) {
  return n < 1_000_000 ? `${Math.max(1, Math.round(n / 1000))} kB` : `${(n / 1_000_000).toFixed(1)} MB`;
}
