"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cutout.pixels.endings import READ_WORDS

Format = Literal["png", "webp", "jpeg", "avif"]
CutoutFormat = Literal["png", "webp", "avif"]
DATA_DIR = Path("~/.cutout-shotgun")

Photos = Annotated[
    list[str],
    typer.Argument(
        metavar="PHOTO",
        help=f"Files, folders, patterns such as 'in/*.jpg', or - for standard input: {READ_WORDS}.",
        show_default=False,
    ),
]
Models = Annotated[
    list[str],
    typer.Option("--model", "-m", metavar="MODEL", help="A model's id; repeat for more. `all`: every available one."),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="OUT",
        help="A folder; a file, for one result; or - for standard output, which is the default for standard input.",
        show_default=False,
    ),
]
OfCutouts = Annotated[CutoutFormat | None, typer.Option("--format", help="Of the results; else as OUT ends, else PNG.")]
OfPictures = Annotated[
    Format | None,
    typer.Option(
        "--format", help="Of the results; else as OUT ends, else PNG. In JPEG, what is transparent turns white."
    ),
]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Take the folders within folders, too.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace results that are there already.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]
MaxCostUsd = Annotated[
    float | None,
    typer.Option(
        "--max-cost-usd",
        metavar="USD",
        min=0,
        help="Most that a photograph may cost; when its models' prices are more together, nothing is begun.",
        show_default=False,
    ),
]
LocalOnly = Annotated[bool, typer.Option("--local-only", help="Only models that send no picture to a provider.")]
CommercialOnly = Annotated[
    bool, typer.Option("--commercial-only", help="Only models whose licence lets a cutout be sold.")
]
Refine = Annotated[
    bool, typer.Option("--refine", help="Solve hair, fur and other soft edges of each matte against the picture.")
]
Server = Annotated[
    str | None,
    typer.Option(envvar="CUTOUT_SERVER", metavar="URL", help="A service that does the work, instead of this process."),
]
ApiKey = Annotated[
    str | None,
    typer.Option("--api-key", envvar="CUTOUT_API_KEY", metavar="KEY", help="Its key; better given by the variable."),
]
ConfigDir = Annotated[
    Path | None,
    typer.Option(
        envvar="CUTOUT_CONFIG_DIR",
        metavar="FOLDER",
        help="Of service.yaml and models/. Default: configs here, else the one that came with this program.",
        show_default=False,
    ),
]
DataDir = Annotated[
    Path, typer.Option(envvar="CUTOUT_DATA_DIR", metavar="FOLDER", help="Where compiled models are kept.")
]
