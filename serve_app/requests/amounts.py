"""How much a batch may be."""

from cutout.errors import ImageTooLarge, ValidationError
from cutout.service import BatchSpec
from cutout.spec import MEBIBYTE


def check_amount(field: str, spec: BatchSpec, count: int, total_bytes: int = 0) -> None:
    """Refuse more pictures, or more bytes, than a batch may have; raises ValidationError or ImageTooLarge."""
    if count > spec.most_items:
        message = f"{field}: at most {spec.most_items} pictures are expected in a batch"
        raise ValidationError.of_field(field, message)
    if total_bytes > spec.most_bytes:
        raise too_heavy(field, spec)


def too_heavy(field: str, spec: BatchSpec) -> ImageTooLarge:
    """The refusal of pictures that are larger together than those of a batch may be."""
    limit = f"{spec.most_bytes // MEBIBYTE} MB" if spec.most_bytes >= MEBIBYTE else f"{spec.most_bytes} bytes"
    return ImageTooLarge.of_field(field, f"{field}: pictures of at most {limit} together are expected in a batch")
