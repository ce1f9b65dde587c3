/** The finished picture of the first view: the photograph on the left of a line, its cutout on the right. */

/** Let the line of `figure` follow the pointer. */
export function watchShown(figure) {
  figure.addEventListener("pointermove", (event) => {
    const { left, width } = figure.getBoundingClientRect();
    figure.classList.add("moved");
    figure.style.setProperty("--line", `${((event.clientX - left) / width) * 100}%`);
  });
}
