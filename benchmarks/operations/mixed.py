"""Requests of all kinds: sizes, models, errors, and callers who hang up."""

from tests.support.load import Shot
from tests.support.ray_service import Fake
from tests.support.sample_pictures import picture

FAKES = {
    "quick": Fake(0.05, {"max_ongoing_requests": 2, "max_queued_requests": 32, "num_replicas": 1}),
    "slow": Fake(0.5, {"max_ongoing_requests": 2, "max_queued_requests": 16, "num_replicas": 1}),
}
SMALL, MIDDLE, LARGE = (300, 200), (1200, 800), (2400, 1600)
NO_PICTURE = b"not a picture"
SOME = ("completed", "partial")
CUT = "/remove-background?include_models="


def mixed(number: int) -> Shot:
    """The n-th request; twenty make a round."""
    return ROUND[number % len(ROUND)]


ROUND = [
    Shot(f"{CUT}quick,slow", picture(*MIDDLE), good=SOME),
    Shot(f"{CUT}quick", picture(*SMALL)),
    Shot("/upscale?scale_factor=4", picture(*SMALL, kind="PNG")),
    Shot(f"{CUT}quick", NO_PICTURE, expects=400),
    Shot("/process?bg_models=quick&upscale_factor=2", picture(*MIDDLE)),
    Shot(f"{CUT}slow", picture(*SMALL), hangs_up_s=0.2),
    Shot(f"{CUT}quick", picture(*SMALL, kind="WEBP")),
    Shot(f"{CUT}quick&output_format=webp", picture(*SMALL)),
    Shot("/upscale?scale_factor=2", picture(*MIDDLE)),
    Shot(f"{CUT}nobody", picture(*SMALL), expects=400),
    Shot(f"{CUT}quick", picture(*LARGE)),
    Shot(f"{CUT}quick", picture(*SMALL)),
    Shot("/process?bg_models=quick,slow&upscale_factor=4", picture(*SMALL), good=SOME),
    Shot(f"{CUT}slow", picture(*SMALL)),
    Shot("/upscale?scale_factor=3", picture(*SMALL), expects=400),
    Shot(f"{CUT}quick", picture(*MIDDLE, kind="PNG")),
    Shot("/upscale?scale_factor=4", picture(*MIDDLE), hangs_up_s=0.1),
    Shot("/upscale?scale_factor=2", picture(*SMALL)),
    Shot(f"{CUT}quick", picture(*SMALL)),
    Shot("/process?bg_models=quick&upscale_factor=2&output_format=webp", picture(*SMALL)),
]
