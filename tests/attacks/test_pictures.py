"""Issue rows on picture files: what a small one can cost, in processor time and in memory, whatever is in it."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from starlette.testclient import TestClient

from cutout.errors import InvalidFormat, ResolutionTooHigh
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import decode, opened
from cutout.pixels.formats import icc
from cutout.pixels.plain import Size
from serve_app.app import create_app
from tests.attacks.cost import Cost, cost, fresh_processes
from tests.pictures.colours import SRGB_PROFILE, cicp, gama, iccp
from tests.pictures.files import CHANNELS, END, SIGNATURE, chunk, rgb_png, saved
from tests.pictures.oddities import CORNER
from tests.support.in_process import Memory, model, registry, shotgun

MB = 1024 * 1024
Told: TypeAlias = Callable[[str, bytes], Cost]
LIMITS = LimitsSpec()
SMALL = 64 * 1024
PHOTO = Image.open(Path(__file__).parents[1] / "photos" / "chelsea.jpg").convert("RGB")


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """The cost of a file, printed."""
    with fresh_processes() as processes:

        def taken(name: str, data: bytes) -> Cost:
            found = processes.submit(cost, data, LIMITS).result()
            print(f"{name}: {len(data)} bytes, {found.cpu_s:.2f} s of CPU, {found.memory / MB:.0f} MB; {found.said}")
            return found

        yield taken


def flat_png(size: Size, depth: int, kind: int, before: bytes = b"") -> bytes:
    """A PNG of nothing but zeros, made row by row."""
    row, packer = bytes(1 + (CHANNELS[kind] * depth * size.width + 7) // 8), zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(size.height)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">2I5B", size.width, size.height, depth, kind, 0, 0, 0))
    return SIGNATURE + header + before + chunk(b"IDAT", packed) + END


def program_profile(elements: int) -> bytes:
    """SRGB with a `D2B1` that lists one element so often: a matrix, towards the screen in the richest of ways."""
    head, count = SRGB_PROFILE[:128], int.from_bytes(SRGB_PROFILE[128:132], "big")
    matrix = struct.pack(">4s4x2H12f", b"matf", 3, 3, *np.eye(3).flatten(), 0, 0, 0)
    positions = struct.pack(">2I", 16 + 8 * elements, len(matrix)) * elements
    program = struct.pack(">4s4x2HI", b"mpet", 3, 3, elements) + positions + matrix
    tags = [struct.unpack_from(">4sII", SRGB_PROFILE, 132 + 12 * index) for index in range(count)]
    moved = [(name, at + 12, length) for name, at, length in tags]
    body = SRGB_PROFILE[132 + 12 * count :]
    table = b"".join(struct.pack(">4sII", *tag) for tag in [*moved, (b"D2B1", len(SRGB_PROFILE) + 12, len(program))])
    whole = head + struct.pack(">I", count + 1) + table + body + program
    return struct.pack(">I", len(whole)) + whole[4:]


def test_a_profile_that_is_a_program(told: Told) -> None:
    """Its program is left out, and the colours are those of its matrix and curves: 1.0.0 took 9 s for 12.8 kB."""
    profile = program_profile(100_000)
    data = rgb_png(iccp(profile))
    plain = told("the same profile without it", rgb_png(iccp(SRGB_PROFILE)))
    taken = told("a profile that lists one element 100,000 times", data)

    assert len(data) < SMALL
    assert b"mpet" in profile
    kept = icc.usable(profile)
    assert kept is not None
    assert b"D2B1" not in kept[:600]
    assert np.array_equal(decode(data, LIMITS).rgb, decode(rgb_png(iccp(SRGB_PROFILE)), LIMITS).rgb)
    assert taken.memory < plain.memory + 20 * MB


@pytest.mark.parametrize("name", [b"D2B0", b"D2B3", b"B2D0", b"B2A0", b"gamt", b"DevD", b"psid"])
def test_tags_that_show_no_picture_are_left_out(name: bytes) -> None:
    """Whatever the way back from the screen, or a device, may be: nobody looks."""
    profile = program_profile(3).replace(b"D2B1", name)

    assert name not in (icc.usable(profile) or b"")[:600]
    assert ImageCms.ImageCmsProfile(io.BytesIO(icc.usable(profile) or b""))


@pytest.mark.parametrize(
    "profile",
    [
        b"", b"x" * 200, SRGB_PROFILE[:131], SRGB_PROFILE + bytes(icc.MOST_BYTES),
        SRGB_PROFILE[:12] + b"link" + SRGB_PROFILE[16:], SRGB_PROFILE[:16] + b"MCHF" + SRGB_PROFILE[20:],
        SRGB_PROFILE[:128] + b"\0\1\0\0" + SRGB_PROFILE[132:], SRGB_PROFILE[:128] + b"\xff" * 400,
    ],
)  # fmt: skip
def test_what_is_no_profile_of_a_picture_is_left_aside(profile: bytes) -> None:
    """Too large, too many tags, another kind: the picture is shown as if it had none."""
    assert icc.usable(profile) is None


def test_a_scan_that_is_repeated(told: Told) -> None:
    """163 bytes cost 83 ms at 100 megapixels in 1.0.0, each time; scans are counted before any is decoded."""
    whole = without_data(Size(10_000, 10_000))
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    taken = told("100 megapixels, the last scan 1,000 times", whole[:-2] + scan * 1000 + whole[-2:])

    assert "a JPEG of this size has at most 18 scans" in taken.said
    assert taken.memory < 20 * MB


SCAN, LOGO, PHONE, HALF = Size(4960, 7016), Size(4500, 5400), Size(4000, 3000), Size(4000, 2000)
"""An A4 page at 600 dpi, a T-shirt's print, a telephone's photograph, and less."""
OPAQUE, GLASS = chunk(b"PLTE", bytes(3)), chunk(b"PLTE", bytes(3)) + chunk(b"tRNS", b"\0")
GRAIN: dict[str, Any] = {"codec": "aom", "advanced": {"film-grain-test": "1"}}
ONE_STRIP: dict[str, Any] = {"strip_size": 1 << 30}
COSTLY = {
    "1-bit PNG": lambda: flat_png(SCAN, 1, 0),
    "1-bit PNG with a transparent value": lambda: flat_png(SCAN, 1, 0, chunk(b"tRNS", b"\0\0")),
    "1-bit PNG of gamma 1": lambda: flat_png(SCAN, 1, 0, gama(1.0)),
    "1-bit PNG in PQ": lambda: flat_png(SCAN, 1, 0, cicp(9, 16)),
    "palette PNG in HLG": lambda: flat_png(LOGO, 8, 3, cicp(9, 18) + OPAQUE),
    "palette PNG with a transparent entry": lambda: flat_png(LOGO, 8, 3, GLASS),
    "grey PNG with alpha": lambda: flat_png(LOGO, 8, 4, gama(1.0)),
    "16-bit PNG with a transparent value": lambda: flat_png(LOGO, 16, 0, chunk(b"tRNS", b"\0\0")),
    "RGBA PNG in HLG": lambda: flat_png(PHONE, 8, 6, cicp(9, 18)),
    "16-bit RGB PNG with a transparent value": lambda: flat_png(HALF, 16, 2, chunk(b"tRNS", bytes(6))),
    "WebP with alpha": lambda: saved(flat("RGBA", PHONE), "WEBP", lossless=True, method=0),
    "AVIF with alpha": lambda: saved(flat("RGBA", HALF), "AVIF", speed=10),
    "AVIF with film grain": lambda: saved(flat("RGBA", HALF), "AVIF", speed=10, subsampling="4:4:4", **GRAIN),
    "JPEG of 16 megapixels without data": lambda: without_data(Size(4000, 4000)),
    "progressive JPEG of 100 scans": lambda: of_100_scans(flat("L", HALF)),
    "TIFF of fax": lambda: saved(flat("1", SCAN), "TIFF", compression="group4"),
    "TIFF of one strip": lambda: saved(flat("RGBA", PHONE), "TIFF", compression="tiff_adobe_deflate", **ONE_STRIP),
    "PNG of 5,000 chunks": lambda: rgb_png(chunk(b"tEXt", b"") * 5_000),
    "JPEG of 10,000 segments": lambda: saved(CORNER, "JPEG")[:2] + b"\xff\xfe\0\2" * 9_990 + saved(CORNER, "JPEG")[2:],
}


def flat(mode: str, size: Size) -> Image.Image:
    """A picture of nothing."""
    return Image.new(mode, (size.width, size.height))


def without_data(size: Size) -> bytes:
    """A small progressive JPEG that speaks of a large picture."""
    whole = saved(flat("RGB", Size(64, 64)), "JPEG", progressive=True, subsampling=0)
    at = whole.index(b"\xff\xc2") + 5
    return whole[:at] + struct.pack(">HH", size.height, size.width) + whole[at + 4 :]


def of_100_scans(image: Image.Image) -> bytes:
    """The last scan so often that there are 100."""
    whole = saved(image, "JPEG", progressive=True, quality=1)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + scan * (100 - whole.count(b"\xff\xda")) + whole[-2:]


@pytest.mark.parametrize("name", COSTLY)
def test_a_small_file_costs_little(told: Told, name: str) -> None:
    """No file of 64 KiB or less takes more than 200 MB to read; its processor time is printed, and bounded at 2 s."""
    data = COSTLY[name]()
    taken = told(name, data)

    assert len(data) <= SMALL
    assert taken.said.startswith("Size(")
    assert taken.memory < 200 * MB


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (Size(1, 1_000_000), "at most 40000 a side"),
        (Size(1_000_000, 1), "at most 40000 a side"),
        (Size(30_000, 10), "at most 1000 times the other"),
        (Size(10_000, 10_000), "at most 41943040 are accepted of such a PNG in 64 KiB or less"),
        (Size(10_001, 10_000), "at most 100000000 are accepted"),
    ],
)
def test_a_shape_that_no_picture_has(told: Told, size: Size, message: str) -> None:
    """Side, shape and pixels are refused from the header, in next to no memory."""
    data = flat_png(size, 1, 0)
    taken = told(f"{size.width} x {size.height}", data)

    assert taken.said.startswith("ResolutionTooHigh")
    assert message in taken.said
    assert taken.memory < 10 * MB


@pytest.mark.parametrize(
    ("path", "fields", "status", "error"),
    [
        ("/upscale", {"scale_factor": "4"}, 413, "The result would have"),
        ("/process", {"upscale_factor": "4"}, 413, "The result would have"),
        ("/remove-background", {"output_format": "webp"}, 413, "webp holds at most"),
    ],
)
def test_what_cannot_be_answered_is_refused_from_the_header(
    client: TestClient, path: str, fields: dict[str, str], status: int, error: str
) -> None:
    """Pixels that would make no picture are never looked at: the answer is about the result, not about them."""
    header = chunk(b"IHDR", struct.pack(">2I5B", 20_000, 4_000, 8, 2, 0, 0, 0))
    broken = SIGNATURE + header + chunk(b"IDAT", b"broken" * 20_000) + END
    response = client.post(path, files={"image": ("a.png", broken)}, data=fields)

    assert response.status_code == status, response.text
    assert error in response.text


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A service with the limits that it is shipped with."""
    ledger = Memory()
    app = create_app(shotgun(registry(model("first")), ledger), ledger)
    with TestClient(app) as client:
        yield client


SEEDS = [
    rgb_png(iccp(SRGB_PROFILE) + gama(0.5) + chunk(b"eXIf", b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0")),
    flat_png(Size(9, 9), 2, 3, chunk(b"PLTE", bytes(12)) + chunk(b"tRNS", b"\0\1")),
    saved(CORNER, "JPEG", exif=b"Exif\0\0" + b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),
    saved(CORNER, "JPEG", progressive=True, icc_profile=SRGB_PROFILE),
    saved(CORNER.convert("CMYK"), "JPEG"),
    saved(CORNER, "WEBP", icc_profile=SRGB_PROFILE),
    saved(CORNER.convert("RGBA"), "WEBP", lossless=True),
    saved(CORNER, "AVIF", icc_profile=SRGB_PROFILE),
    saved(CORNER, "TIFF", compression="tiff_lzw"),
    saved(CORNER.convert("CMYK"), "TIFF", compression="tiff_adobe_deflate"),
    (Path(__file__).parents[1] / "pictures" / "heic" / "alpha.heic").read_bytes(),
]
LONG = settings(max_examples=200_000, suppress_health_check=list(HealthCheck))
SHORT = settings(max_examples=400, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A file with some of its bytes changed, cut out, doubled, or with some of another's put in."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at, length = draw(st.integers(0, max(0, len(data) - 1))), draw(st.integers(1, 16))
        match draw(st.sampled_from(["change", "insert", "cut", "double", "graft"])):
            case "change":
                data[at : at + length] = draw(st.binary(min_size=length, max_size=length))
            case "insert":
                data[at:at] = draw(st.binary(max_size=length))
            case "cut":
                del data[at : at + length]
            case "double":
                data[at:at] = data[at : at + 16 * length]
            case "graft":
                other = draw(st.sampled_from(SEEDS))
                data[at : at + length] = other[at : at + 4 * length]
    return bytes(data)


def nothing_but_the_contracts_errors(data: bytes) -> None:
    try:
        picture = opened(data, LimitsSpec(input_px=1_000_000)).decode()
    except (InvalidFormat, ResolutionTooHigh):
        return
    assert picture.rgb.dtype == np.uint8
    assert picture.rgb.shape[:2] == (picture.size.height, picture.size.width)


@SHORT
@given(mutated())
def test_a_mutated_file_is_read_or_refused(data: bytes) -> None:
    """Nothing but the contract's errors comes out."""
    nothing_but_the_contracts_errors(data)


@pytest.mark.long
@LONG
@given(mutated())
def test_many_mutated_files_are_read_or_refused(data: bytes) -> None:
    """The same for ten minutes and more, by hand: `pytest -m long tests/attacks/test_pictures.py`."""
    nothing_but_the_contracts_errors(data)
