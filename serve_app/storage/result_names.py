"""Names in the store of what models make of a picture."""

from cutout.pixels.plain import OutputFormat


def image_file(model_id: str, output_format: OutputFormat) -> str:
    """Name of a model's result in the store."""
    return f"{model_id}.{output_format}"


def mask_file(model_id: str) -> str:
    """Name of its mask there."""
    return f"{model_id}.mask.png"
