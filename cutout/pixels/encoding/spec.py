"""Quality settings of the output formats (`encode:` in configs/service.yaml)."""

from pydantic import (
    Field,
)

from cutout.spec import Spec


class EncodeSpec(Spec):
    """How results are encoded."""

    webp_quality: int = Field(90, ge=1, le=100, description="Quality of lossy WebP colour; alpha is always lossless.")
    jpeg_quality: int = Field(90, ge=1, le=95, description="Quality of JPEG, for results on a background.")
    avif_quality: int = Field(80, ge=1, le=100, description="Quality of AVIF colour; alpha is always lossless.")
