"""The page that a link to cutouts leads to, as HTML, and what it says where there is nothing to show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from string import Template
from typing import Final

from starlette.responses import HTMLResponse

from cutout.errors import CutoutError
from cutout.pixels.plain import Size
from serve_app.endpoints.page import HEADERS
from serve_app.responses.errors import headers_of
from serve_app.storage.shares import Share

NO_ROBOTS: Final = {**HEADERS, "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow"}
PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="robots" content="noindex, nofollow">
  <title>$title</title>
  <link rel="icon" type="image/svg+xml" href="../static/icon.svg">
  <link rel="stylesheet" href="../static/page.css">
  <link rel="stylesheet" href="../static/bench/bench.css">
  <link rel="stylesheet" href="../static/bench/cards.css">
  <link rel="stylesheet" href="../static/share/shared.css">
  <script type="module" src="../static/share/shared.js"></script>
</head>
<body>
<main class="shared">
  <h1>$title</h1>
$content
</main>
</body>
</html>
""")
CUTOUTS: Final = Template("""  <label class="wipe" hidden><span>Before</span>
    <input type="range" id="wipe" min="0" max="100" step="1" value="0"></label>
  <div id="table" class="table" data-behind="checker" data-width="$width" data-height="$height">
    <ol class="cards">
$cards    </ol>
  </div>
  <p class="quiet">This link works until <time datetime="$until">$words</time>.</p>""")
CARD: Final = Template("""      <li class="card done">
        <div class="stage">
          <div class="layer after"><img src="$address" alt="$alt"></div>
$before          <span class="handle" aria-hidden="true"></span>
        </div>
        <div class="caption">
          <h2>$name</h2>
          <a class="button strong" href="$address" download="$file">Download<span class="unseen"> $name</span></a>
        </div>
      </li>
""")
BEFORE: Final = Template("""          <div class="layer before"><img src="$address" alt=""></div>
""")


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture on the page."""

    name: str
    """Of its model; empty: it is of none."""
    path: str
    """Its signed address, without a slash in front."""
    file: str
    """What it is called as a file."""


def page(share: Share, size: Size, sent: str | None, shown: Sequence[Shown]) -> HTMLResponse:
    """The page of a link; `sent` is the path of the picture that was sent, of `size`, where that can be compared."""
    before = BEFORE.substitute(address=_address(sent)) if sent else ""
    until = datetime.fromtimestamp(share.expires, UTC)
    content = CUTOUTS.substitute(
        width=size.width,
        height=size.height,
        cards="".join(_card(one, before) for one in shown),
        until=until.isoformat(),
        words=f"{until:%-d %B %Y, %H:%M} UTC",
    )
    return HTMLResponse(PAGE.substitute(title=escape(share.title or "Cutouts"), content=content), headers=NO_ROBOTS)


def refusal(error: CutoutError) -> HTMLResponse:
    """The page of a link that shows nothing: one sentence."""
    content = f"  <p>{escape(error.message)}</p>"
    headers = NO_ROBOTS | headers_of(error)
    return HTMLResponse(PAGE.substitute(title="Cutouts", content=content), error.status, headers)


def _card(one: Shown, before: str) -> str:
    name = escape(one.name or "Enlarged picture")
    alt = f"Cutout by {name}" if one.name else name
    return CARD.substitute(address=_address(one.path), alt=alt, before=before, name=name, file=escape(one.file))


def _address(path: str) -> str:
    """A path as the page has it in an attribute: one level up, so that it works behind a prefix, too."""
    return escape(f"../{path}")
