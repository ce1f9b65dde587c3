"""A finish as it is kept with a durable job: as JSON, its background's picture as a file in the store."""

from cutout.pixels.encoding.encode import encode
from cutout.pixels.picture import Picture


def background_file(background: Picture) -> bytes:
    """The picture behind a cutout as a file to be kept."""
    return encode(background.on_white(), "png")
