"""Recognises the kind of a file by its first bytes."""

SUPPORTED = "Supported: PNG, JPG, WEBP, AVIF, HEIC, TIFF"
READABLE = ("image/png", "image/jpeg", "image/webp", "image/avif", "image/heic", "image/tiff")
_SIGNATURES = {
    b"\x89png": "image/png", b"\xff\xd8\xff": "image/jpeg", b"gif8": "image/gif", b"<svg": "image/svg+xml",
    b"<!doctype html": "text/html", b"<html": "text/html", b"%pdf": "application/pdf", b"bm": "image/bmp",
    b"ii*\x00": "image/tiff", b"mm\x00*": "image/tiff",
}  # fmt: skip
_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_BRANDS_BYTES = 256


def sniff(data: bytes) -> str:
    """The media type of a file, by its content; `unknown` when not recognised."""
    head = data[:512].lstrip().lower()
    if head.startswith(b"<?xml"):
        return "image/svg+xml" if b"<svg" in head else "text/xml"
    for signature, media_type in _SIGNATURES.items():
        if head.startswith(signature):
            return media_type
    if head[:4] == b"riff" and head[8:12] == b"webp":
        return "image/webp"
    return _by_brand(data) if data[4:8] == b"ftyp" else "unknown"


def _by_brand(data: bytes) -> str:
    """The media type of an ISO base media file, by its major and compatible brands."""
    end = min(int.from_bytes(data[:4], "big"), _BRANDS_BYTES)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
    return "image/avif" if brands & _AVIF else "image/heic" if brands & _HEIC else "video/mp4"
