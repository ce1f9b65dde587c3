/** Two views of one document, so that a look at the leaderboard loses no cutout. */

const TITLES = { choose: "Cutout Shotgun", leaderboard: "Leaderboard · Cutout Shotgun" };
const links = [...document.querySelectorAll("[data-view]")];
const first = location.pathname.endsWith("/leaderboard") ? "leaderboard" : "choose";
let current = first;

/** Calls `shown(view)` for the view that the address names, and at every change of it. Gives `go(view)`. */
export function watchViews(shown) {
  const show = (view) => {
    current = view;
    document.title = TITLES[view];
    for (const link of links) {
      link.ariaCurrent = link.dataset.view === view && !link.classList.contains("mark") ? "page" : null;
    }
    shown(view);
  };
  const go = (view) => {
    if (view !== current) history.pushState({ view }, "", links.find((link) => link.dataset.view === view).href);
    show(view);
  };
  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
      event.preventDefault();
      go(link.dataset.view);
    });
  }
  addEventListener("popstate", (event) => show(event.state?.view ?? first));
  show(first);
  return go;
}

/** Where a keyboard or a screen reader goes on after a change of view. */
export function focusHeading(section) {
  section.querySelector("h1").focus({ preventScroll: true });
  scrollTo(0, 0);
}
