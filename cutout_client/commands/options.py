"""Arguments and options shared by several commands."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cutout.pixels.endings import READ_WORDS
from cutout.pixels.plain import LEAST_LPI, MOST_CHOKE_PX, MOST_DPI, MOST_LPI

Ending = Literal["png", "webp", "avif", "jpg", "jpeg"]
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
    typer.Option("--model", "-m", metavar="MODEL", help="Model id; repeat for more. `all`: every available model."),
]
ModelsOrAuto = Annotated[
    list[str],
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="Model id; repeat for more. `all`: every available model; `fused`: one more, made of the others', or "
        "alone of all local models'; `auto`, alone and with --server: the best cutout of as many models as are needed.",
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="OUT",
        help="Folder, or file for a single result, or - for standard output, the default with standard input.",
        show_default=False,
    ),
]
Form = Annotated[
    Ending | None,
    typer.Option("--format", help="Format of the results. Default: as OUT ends, or PNG. JPEG needs a background."),
]
OfPictures = Annotated[
    Ending | None,
    typer.Option("--format", help="Format of the results. Default: by OUT, or PNG. JPEG has a white background."),
]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Include subfolders.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
SkipExisting = Annotated[bool, typer.Option("--skip-existing", help="Keep existing files, and do only what is left.")]
Watch = Annotated[
    Path | None,
    typer.Option(
        "--watch",
        metavar="FOLDER",
        help="Process the photographs in this folder, and those that arrive, until Ctrl-C. Existing files are kept.",
        show_default=False,
    ),
]
Behind = Annotated[
    str | None,
    typer.Option(
        "--background",
        metavar="COLOUR|FILE|blur",
        help="What lies behind: #rrggbb, a CSS colour name, a picture, or `blur`: the photograph, blurred.",
        show_default=False,
    ),
]
Crop = Annotated[bool, typer.Option("--crop", help="Crop to the subject.")]
Margin = Annotated[
    str | None,
    typer.Option(
        "--margin",
        metavar="LENGTH",
        help="Around the subject with --crop, within --size: 30px or 10%; one, two or four, as in CSS.",
        show_default=False,
    ),
]
Size = Annotated[
    str | None,
    typer.Option(
        "--size",
        metavar="PRESET|WxH",
        help="Size of the result, by the name of a preset or as 1600x1200 pixels: what is shown is scaled to fit.",
        show_default=False,
    ),
]
Inches = Annotated[
    str | None,
    typer.Option(
        "--inches",
        metavar="WxH",
        help="Instead of --size: size of a print, 12x16, at --dpi or 300. A picture with fewer pixels is refused.",
        show_default=False,
    ),
]
PrintDpi = Annotated[
    float | None,
    typer.Option(
        "--dpi", metavar="DPI", min=1, max=MOST_DPI, help="Dots per inch, written to the file.", show_default=False
    ),
]
LeastDpi = Annotated[
    float | None,
    typer.Option(
        "--least-dpi",
        metavar="DPI",
        min=1,
        max=MOST_DPI,
        help="Dots per inch that a picture must have of its own on a print; default: with --inches its --dpi.",
        show_default=False,
    ),
]
Fill = Annotated[bool, typer.Option("--fill", help="Cover the size; what is beyond it is cut off.")]
AlphaTones = Annotated[
    Literal["soft", "hard", "halftone"],
    typer.Option(
        "--alpha",
        help="For printers without half tones: `hard` cuts alpha at one half, `halftone` makes it opaque dots.",
    ),
]
Lpi = Annotated[
    float | None,
    typer.Option(
        "--lpi",
        metavar="LPI",
        min=LEAST_LPI,
        max=MOST_LPI,
        help="Lines per inch of --alpha halftone. Default: 45.",
        show_default=False,
    ),
]
Choke = Annotated[
    int, typer.Option("--choke", metavar="PX", min=0, max=MOST_CHOKE_PX, help="Move the edge inwards, in pixels.")
]
Mask = Annotated[bool, typer.Option("--mask", help="Write the mask, white where the subject is, not the cutout.")]
Quality = Annotated[
    int | None,
    typer.Option(
        "--quality", metavar="1-100", min=1, max=100, help="Quality of JPEG, WebP or AVIF.", show_default=False
    ),
]
Method = Annotated[
    Literal["lanczos", "lanczos_sharp", "detail"],
    typer.Option(
        "--method",
        help="How to enlarge: `lanczos_sharp` is sharper, and shrunk again it is the same picture; `detail` is sharper "
        "still, by a network, and takes seconds for each megapixel.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per result.")]
MaxCostUsd = Annotated[
    float | None,
    typer.Option(
        "--max-cost-usd",
        metavar="USD",
        min=0,
        help="Maximum price of a photograph. If its models together cost more, nothing is started.",
        show_default=False,
    ),
]
LocalOnly = Annotated[bool, typer.Option("--local-only", help="Use only models that send no picture to a provider.")]
CommercialOnly = Annotated[
    bool, typer.Option("--commercial-only", help="Use only models whose licence allows commercial use.")
]
Refine = Annotated[
    bool, typer.Option("--refine", help="Refine hair, fur and other soft edges of each matte, using the picture.")
]
Server = Annotated[
    str | None,
    typer.Option(envvar="CUTOUT_SERVER", metavar="URL", help="Service to use instead of models on this machine."),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="CUTOUT_API_KEY",
        metavar="KEY",
        help="API key of the service; safer in the variable.",
    ),
]
ConfigDir = Annotated[
    Path | None,
    typer.Option(
        envvar="CUTOUT_CONFIG_DIR",
        metavar="FOLDER",
        help="Folder with service.yaml and models/. Default: ./configs, or the installed one.",
        show_default=False,
    ),
]
DataDir = Annotated[Path, typer.Option(envvar="CUTOUT_DATA_DIR", metavar="FOLDER", help="Folder for compiled models.")]
