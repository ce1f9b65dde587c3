"""The options of `cutout catalogue` become a plan, or one sentence."""

from pathlib import Path

import pytest
import typer

from cutout.errors import CutoutError, ValidationError
from cutout.jobs import Output
from cutout.models.enlarging import DETAIL
from cutout.pixels.crop import Length, Margin
from cutout.pixels.finish import Edge, Finish
from cutout.pixels.plain import Size
from cutout_client.cutting.catalogue import rendition, selection
from tests.cutout_client.conftest import Cutout
from tests.support.in_process import model, registry

FREE, OTHER = model("free"), model("other")
PAID = model("paid", backend="runware", provider="runware", price_usd=0.1, options={"model": "runware:110@1"})
ALL = registry(FREE, OTHER, PAID)
SQUARE = Finish(
    background=(255, 255, 255),
    crop=True,
    margin=Margin(*[Length(10, "%")] * 4),
    canvas=Size(600, 600),
    quality=85,
)
PRINT = Finish(canvas=Size(300, 450), dpi=150, least_dpi=150, fit="fill", edge=Edge(1), alpha="hard")


@pytest.mark.parametrize(
    ("text", "pattern", "output"),
    [
        ("{stem}.png", "{stem}.png", Output()),
        ("a.jpg, background=white, crop, margin=10%, size=600x600, quality=85", "a.jpg", Output("jpeg", finish=SQUARE)),
        (
            "{stem}.png, inches=2x3, dpi=150, fill, choke=1, alpha=hard",
            "{stem}.png",
            Output(finish=PRINT),
        ),
        ("large/{sku}.WEBP,upscale=2", "large/{sku}.WEBP", Output("webp", 2)),
        ("a.png, upscale=4, method=lanczos_sharp", "a.png", Output("png", 4, method="lanczos_sharp")),
        ("a.png, method=detail, upscale=2", "a.png", Output("png", 2, method="detail")),
        ("{stem}.png, mask", "{stem}.png", Output(finish=Finish(output_type="mask"))),
    ],
)  # fmt: skip
def test_a_file_of_each_picture(text: str, pattern: str, output: Output) -> None:
    """A name, whose ending is the format, and the options of `cutout remove`."""
    made = rendition(text, ALL)

    assert (made.asked, made.pattern, made.output) == (text, pattern, output)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{stem}", "a name ending in .png"),
        ("{stem}.tiff", "a name ending in .png"),
        ("{stem}.png, colour=red", "colour: one of background, crop, margin"),
        ("{stem}.webp, quality=many", "quality: Input should be a valid integer"),
        ("{stem}.webp, quality=101", "quality: Input should be less than or equal to 100"),
        ("{stem}.png, upscale=3", "upscale: Input should be 2 or 4"),
        ("{stem}.png, upscale=two", "upscale: "),
        ("{stem}.png, upscale=2, method=sharp", "method: Input should be 'lanczos', 'lanczos_sharp' or 'detail'"),
        ("{stem}.png, upscale=2, method", "method: Input should be 'lanczos', 'lanczos_sharp' or 'detail'"),
        ("{stem}.png, method=detail", "method: upscale=2 or 4 expected with it"),
        ("{stem}.png, method=lanczos", "method: upscale=2 or 4 expected with it"),
        ("{stem}.jpg, background=nocolour", "a colour such as"),
        ("{stem}.png, size=huge", "WIDTHxHEIGHT"),
    ],
)
def test_a_file_that_cannot_be_made(text: str, message: str) -> None:
    """The message says what was expected."""
    with pytest.raises(ValidationError) as refused:
        rendition(text, ALL)
    assert message in refused.value.message


def test_jpeg_needs_a_background() -> None:
    """As with `cutout remove`."""
    with pytest.raises(typer.BadParameter, match="JPEG has no transparency"):
        rendition("{stem}.jpg", ALL)


@pytest.mark.parametrize(
    ("asked", "local_only", "models"),
    [
        (["auto"], False, ("free", "other", "paid")),
        (["auto"], True, ("free", "other")),
        (["fused"], False, ("free", "other")),
        (["free", "fused"], False, ("free",)),
        (["paid"], False, ("paid",)),
    ],
)
def test_models(asked: list[str], local_only: bool, models: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` may ask all that are available; `fused` alone is made of the local ones."""
    monkeypatch.setenv("RUNWARE_API_KEY", "fake")

    assert selection(asked, ALL, {"local_only": local_only}).models == models


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["free", "other"], "one model, auto, or fused"),
        (["unknown"], "Unknown model 'unknown'"),
        (["paid"], "Not available: paid. paid: "),
        (["auto", "free"], "Unknown model 'auto'"),
    ],
)
def test_models_that_cannot_run(asked: list[str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the reason, such as a key that is missing."""
    monkeypatch.delenv("RUNWARE_API_KEY", raising=False)
    with pytest.raises(CutoutError) as refused:
        selection(asked, ALL, {})
    assert message in refused.value.message


CONFIGS = str(Path(__file__).parent.parent / "cluster" / "lean")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-m", "runware_rmbg2"], "up to 0.0006 USD a picture: --max-cost-usd or --local-only expected"),
        (["-m", "quick", "--fail-above", "many"], "a percentage such as 1% expected, not many"),
        (["-m", "quick", "--fail-above", "101%"], "a percentage such as 1% expected, not 101%"),
        (["-m", "quick"], "contains no PNG"),
        (["-m", "quick", "--page", "cutouts.example"], "an address such as https://cutouts.example/ expected"),
        (["-m", "quick", "--page", "https://a.example/?x=1"], "an address such as"),
        (["-m", "quick", "-w", "{sku}.png"], "contains no PNG"),
    ],
)
def test_nothing_starts_that_cannot_end(
    cutout: Cutout, tmp_path: Path, options: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may cost money needs a limit; what is wrong is said in one sentence, and the exit code is 2."""
    monkeypatch.setenv("RUNWARE_API_KEY", "fake")
    given = [str(tmp_path), str(tmp_path / "out"), "--config-dir", CONFIGS, "--data-dir", str(tmp_path), *options]
    ended = cutout("catalogue", *given)

    assert (ended.code, message in " ".join(ended.err.split())) == (2, True), ended.err


def test_detail_without_its_weights(cutout: Cutout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing starts, and the sentence says why."""
    monkeypatch.setitem(DETAIL, 2, DETAIL[2].model_copy(update={"name": "gone", "package": None}))
    given = [str(tmp_path), str(tmp_path / "out"), "--config-dir", CONFIGS, "--data-dir", str(tmp_path), "-m", "quick"]
    ended = cutout("catalogue", *given, "-w", "{stem}.png, upscale=2, method=detail")

    assert (ended.code, len(ended.sentences)) == (3, 1), ended.err
    assert "method: detail cannot be used: no weights for gone" in ended.err


def test_what_is_no_catalogue(cutout: Cutout, tmp_path: Path) -> None:
    """A folder that is missing, and a file that is no table, are named before anything else is looked at."""
    (tmp_path / "photo.jpg").touch()
    gone, photo = (cutout("catalogue", tmp_path / name, tmp_path / "out") for name in ("gone", "photo.jpg"))

    assert (gone.code, photo.code) == (2, 2)
    assert f"IN: there is no {tmp_path}/gone" in gone.err
    assert "IN: a folder, a store's address, or a .csv or .parquet expected" in photo.err
