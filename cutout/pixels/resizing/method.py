"""Which pictures a method of enlarging can do."""

from cutout.errors import ResolutionTooHigh
from cutout.limits import LimitsSpec
from cutout.pixels.plain import EnlargingMethod, Size


def check_method(size: Size, factor: int, method: EnlargingMethod, limits: LimitsSpec) -> None:
    """Refuse a picture that is too large for `method: detail`, whose results are in memory as a whole.

    Raises:
        ResolutionTooHigh: it is; names the request's field `method`.
    """
    count = size.width * size.height
    most = min(limits.detail_px, min(limits.output_px, limits.output_whole_px) // factor**2)
    if method == "detail" and count > most:
        message = f"detail enlarges at most {most} pixels {factor} times, and the picture has {count}; "
        raise ResolutionTooHigh.of_field("method", f"{message}lanczos_sharp enlarges larger ones", method)
