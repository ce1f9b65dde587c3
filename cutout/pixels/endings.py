"""File name extensions: those that are read, and those that are written."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutout.pixels.plain import OutputFormat

READ = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg",
    ".webp": "image/webp", ".avif": "image/avif", ".heic": "image/heic", ".heif": "image/heic", ".hif": "image/heic",
    ".tif": "image/tiff", ".tiff": "image/tiff",
}  # fmt: skip
"""Extensions of the formats that are read, each with its media type."""
WRITTEN: dict[str, "OutputFormat"] = {
    ".png": "png", ".webp": "webp", ".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".jfif": "jpeg", ".avif": "avif",
}  # fmt: skip
PICTURES = READ.keys() | WRITTEN.keys() | {".bmp", ".gif", ".jxl", ".psd", ".svg"}
"""Extensions of picture files, read or not; a path with one of them is not meant as a folder."""
READ_WORDS = "PNG, JPEG, WebP, AVIF, HEIC or TIFF"
