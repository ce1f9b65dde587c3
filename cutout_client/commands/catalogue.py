"""cutout catalogue: cutouts of a whole catalogue of pictures, on this machine or a Ray cluster."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from cutout_client.batch.names import shown
from cutout_client.commands.options import DATA_DIR, CommercialOnly, ConfigDir, DataDir, LocalOnly

Given = Annotated[
    str,
    typer.Argument(
        metavar="IN", help="A folder, s3://bucket/prefix or the like, or a .csv or .parquet with a column `address`."
    ),
]
Out = Annotated[str, typer.Argument(metavar="OUT", help="A folder, or s3://bucket/prefix or the like.")]
Model = Annotated[
    list[str],
    typer.Option(
        "--model", "-m", metavar="MODEL", help="`auto`, `fused`, alone or with the models it is made of, or a model."
    ),
]
Write = Annotated[
    list[str],
    typer.Option(
        "--write",
        "-w",
        metavar="NAME[, FIELD...]",
        help="A file for each picture; repeat for more. {stem}, {name} or a column of IN in the name; then "
        "background=, crop, margin=, size= and the like as of `cutout remove`, or upscale=2, method=detail.",
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="COUNT", help="Do so many pictures only, and make a contact sheet.", show_default=False
    ),
]
FailAbove = Annotated[
    str | None,
    typer.Option(metavar="PERCENT", help="Stop when more pictures fail than so many in a hundred.", show_default=False),
]
MaxCostUsd = Annotated[
    float | None,
    typer.Option(
        "--max-cost-usd", min=0, metavar="USD", help="What the catalogue may cost in all.", show_default=False
    ),
]
Page = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="A service, whose page is to open pictures of http(s) addresses.", show_default=False
    ),
]
Profile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="A Serve configuration, whose CPUs and GPUs the models get.",
        show_default=False,
    ),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Database of the money. Default: catalogue.sqlite in the data folder.", show_default=False
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        envvar="RAY_ADDRESS",
        metavar="ADDRESS",
        help="A Ray cluster. Default: Ray on this machine.",
        show_default=False,
    ),
]


def catalogue(
    given: Given,
    out: Out,
    *,
    model: Model = ["auto"],  # noqa: B006 - Typer copies a default
    write: Write = ["{stem}.png"],  # noqa: B006
    sample: Sample = None,
    fail_above: FailAbove = None,
    max_cost_usd: MaxCostUsd = None,
    local_only: LocalOnly = False,
    commercial_only: CommercialOnly = False,
    profile: Profile = None,
    database_url: DatabaseUrl = None,
    ray_address: RayAddress = None,
    page: Page = None,
    config_dir: ConfigDir = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Cut out a whole catalogue of pictures. Started again, it does what is left.

    OUT gets the files, manifest.parquet and report.html.
    """
    from cutout_client.cutting.selection import terms_of
    from cutout_client.extras import needs

    needs("catalogue", "A catalogue")
    from cutout_client.cutting.catalogue import plan
    from cutout_client.cutting.registry import registry_of
    from deployments.catalogue.run import Terms, run

    _check_given(given)
    registry = registry_of(config_dir)
    data = data_dir.expanduser().resolve()
    asked = plan(out, model, write, registry, terms=terms_of(None, local_only, commercial_only), data=data)
    if max_cost_usd is None and (most_usd := sum(spec.price_usd for spec in asked.specs)):
        raise typer.BadParameter(f"up to {most_usd:g} USD a picture: --max-cost-usd or --local-only expected")
    database = database_url or f"sqlite:///{data / 'catalogue.sqlite'}"
    terms = Terms(database, ray_address, profile, max_cost_usd, _share(fail_above), sample, _service(page))
    outcome = run(given, asked, terms)
    raise typer.Exit(1 if outcome.failed or outcome.stopped else 0)


def _check_given(given: str) -> None:
    if "://" in given or Path(given).is_dir():
        return
    if not Path(given).exists():
        raise typer.BadParameter(f"IN: there is no {shown(given)}")
    if not given.lower().endswith((".csv", ".parquet")):
        raise typer.BadParameter(f"IN: a folder, a store's address, or a .csv or .parquet expected, not {shown(given)}")


def _share(percent: str | None) -> float | None:
    """0 to 1, of `1%` or `1`."""
    if percent is None:
        return None
    try:
        share = float(percent.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise typer.BadParameter(f"--fail-above: a percentage such as 1% expected, not {percent}")
    return share


def _service(address: str | None) -> str | None:
    """The address of a service's page, which ends in `/`."""
    if address is None:
        return None
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.netloc or url.query or url.fragment:
        raise typer.BadParameter(f"--page: an address such as https://cutouts.example/ expected, not {address}")
    return address.rstrip("/") + "/"
