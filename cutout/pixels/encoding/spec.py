"""Quality settings of the output formats (`encode:` in configs/service.yaml)."""

from pydantic import (
    Field,
)

from cutout.spec import Spec

MOST_JPEG_QUALITY = 95
"""Above it files grow, and pictures do not improve (Pillow's documentation)."""


class EncodeSpec(Spec):
    """How results are encoded."""

    webp_quality: int = Field(90, ge=1, le=100, description="Quality of lossy WebP colour; alpha is always lossless.")
    jpeg_quality: int = Field(
        90, ge=1, le=MOST_JPEG_QUALITY, description="Quality of JPEG, for results on a background."
    )
    avif_quality: int = Field(80, ge=1, le=100, description="Quality of AVIF colour; alpha is always lossless.")

    def at(self, quality: int | None) -> "EncodeSpec":
        """These settings with one quality, 1 to 100, for every format; JPEG's is at most its own limit. None: as is."""
        if quality is None:
            return self
        return EncodeSpec(webp_quality=quality, jpeg_quality=min(quality, MOST_JPEG_QUALITY), avif_quality=quality)
