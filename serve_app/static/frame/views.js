/** The views of one document, each with an address, so that reload, back and a link find it again. */

const TITLES = { start: "Cutout Shotgun", leaderboard: "Leaderboard · Cutout Shotgun" };
const LEADERBOARD = /\/leaderboard\/?$/;

/** The address of a view, relative to the page: a picture by its key, or many by that of their run. */
export const addressOf = (view, id) => (view === "start" ? "./" : `./#${view}/${id}`);

/** The view that the address bar names: start, picture, many or leaderboard, and whose it is. */
function current() {
  const [view, id] = location.hash.slice(1).split("/");
  if (id && ["picture", "many"].includes(view)) return { view, id };
  return { view: LEADERBOARD.test(location.pathname) ? "leaderboard" : "start", id: null };
}

/** Calls `shown(view, id)` now and at every change. Gives `go(address)`. */
export function watchViews(shown) {
  const links = [...document.querySelectorAll("nav [data-view]")];
  const show = () => {
    const { view, id } = current();
    document.title = TITLES[view] ?? TITLES.start;
    for (const link of links) link.ariaCurrent = link.dataset.view === view ? "page" : null;
    shown(view, id);
  };
  const go = (address) => {
    const url = new URL(address, location.href);
    if (url.href !== location.href) history.pushState(null, "", url);
    show();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-view]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
    event.preventDefault();
    go(link.href);
  });
  addEventListener("popstate", show);
  show();
  return go;
}

/** Give the picture's view the picture's name as its title. */
export function entitle(name) {
  document.title = `${name} · Cutout Shotgun`;
}

/** Where a keyboard or a screen reader goes on after a change of view. */
export function focusHeading(section) {
  section.querySelector("h1").focus({ preventScroll: true });
  scrollTo(0, 0);
}
