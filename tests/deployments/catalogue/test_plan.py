"""The names of a catalogue's files, and the order of its models."""

from pathlib import Path

import pytest

from cutout.errors import ImageTooLarge, ValidationError
from cutout.jobs import Output
from cutout.models.selection import ModelSelection
from cutout.pixels.finish import Finish
from cutout.pixels.plain import Size
from deployments.catalogue.entries import Entry
from deployments.catalogue.plan import Plan, Rendition, check_names
from tests.support.in_process import model, registry

SHOE = Entry("/in/shoes/7.jpg", "shoes/7.jpg", "shoes/7", columns={"sku": "A/7", "empty": ""})


def rendition(pattern: str, output: Output = Output()) -> Rendition:  # noqa: B008 - frozen
    return Rendition(pattern, pattern, output)


def plan(*names: str, asked: str = "auto", files: tuple[Rendition, ...] = ()) -> Plan:
    specs = {
        "kin": model("kin", family="x", cpu_s=0.5),
        "cheap": model("cheap", family="x", cpu_s=0.2),
        "other": model("other", cpu_s=1),
        "paid": model("paid", provider="afar", price_usd=0.1),
    }
    some = names or tuple(specs)
    return Plan("/out", registry(*specs.values()), ModelSelection((asked,), some), files, Path("/compiled"))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("{stem}.png", "shoes/7.png"),
        ("white/{sku}.jpg", "white/A_7.jpg"),
        ("{name}.webp", "shoes/7.jpg.webp"),
        ("all.png", "all.png"),
    ],
)
def test_names(pattern: str, path: str) -> None:
    """A name is made of the picture's own and of the columns of its row, which bring no folders."""
    assert rendition(pattern).path(SHOE) == path


@pytest.mark.parametrize(
    "pattern", ["{price}.png", "{}.png", "{stem.png", "../{stem}.png", "/{stem}.png", "{empty}.png"]
)
def test_names_that_cannot_be_made(pattern: str) -> None:
    """An unknown column, a broken pattern, a file outside OUT or hidden: the message has the pattern."""
    with pytest.raises(ValidationError, match="expected") as refused:
        rendition(pattern).path(SHOE)
    assert pattern in refused.value.message


def test_two_pictures_never_share_a_file() -> None:
    """That is refused before anything is done, and says of which pictures."""
    twin = Entry("/in/shoes/7.png", "shoes/7.png", "shoes/7")
    check_names([rendition("{name}.png")], [SHOE, twin])
    with pytest.raises(ValidationError, match=r"7.jpg and of /in/shoes/7.png; {name} has the ending too"):
        check_names([rendition("{stem}.png")], [SHOE, twin])


def test_the_recipe_is_what_is_made() -> None:
    """Other models or other files make another recipe; where they are written does not."""
    one = plan(files=(rendition("{stem}.png"),))
    others = [plan(files=(rendition("{stem}.webp"),)), plan(asked="fused", files=one.renditions)]

    assert one.recipe == plan(files=one.renditions).recipe
    assert one.recipe not in {other.recipe for other in others}


def test_auto_asks_the_first_of_two_families_first() -> None:
    """Pictures pass the models in the order of the cascade's steps; otherwise in the order asked for."""
    assert [spec.id for spec in plan().specs] == ["cheap", "other", "kin", "paid"]
    assert [spec.id for spec in plan("other", "cheap", asked="fused").specs] == ["other", "cheap"]


def test_too_large_a_result_is_refused_before_anything_is_paid() -> None:
    """The picture's size decides, by limits.output_whole_px and by what a format can hold."""
    large = plan(files=(rendition("{stem}.png", Output(factor=4)), rendition("{stem}.webp", Output("webp"))))
    large.check_size(Size(1000, 1000))
    for size in (Size(4000, 4000), Size(17000, 10)):
        with pytest.raises(ImageTooLarge):
            large.check_size(size)


def test_too_large_for_detail_is_refused_before_anything_is_paid() -> None:
    """By limits.detail_px and by the size of the result, as in the service; other methods enlarge it."""
    small = plan(files=(rendition("{stem}.png", Output(factor=2, method="lanczos_sharp")),))
    large = plan(files=(*small.renditions, rendition("2.png", Output(factor=2, method="detail"))))
    large.check_size(Size(4000, 3125))
    small.check_size(Size(4001, 3125))
    with pytest.raises(ImageTooLarge, match="detail enlarges at most 12500000 pixels 2 times"):
        large.check_size(Size(4001, 3125))


def test_too_small_a_print_is_refused_before_anything_is_paid() -> None:
    """By the whole picture, enlarged where it is; what a crop shows is known later."""
    prints = Finish(canvas=Size(3000, 3000), dpi=300, least_dpi=150)
    small = plan(files=(rendition("{stem}.png", Output(finish=prints)),))
    larger = plan(files=(rendition("{stem}.png", Output(factor=2, finish=prints)),))
    small.check_size(Size(1500, 1500))
    larger.check_size(Size(750, 750))
    with pytest.raises(ValidationError, match="least_dpi: this picture has 75 dots per inch"):
        small.check_size(Size(750, 750))
