"""The examples in each command's help."""

EXAMPLES = {
    "remove": (
        "cutout remove photo.jpg -m local_u2netp -o cutout.png",
        "cutout remove photos/ -m local_u2netp -o cutouts/ --skip-existing",
        "cutout remove photo.jpg -m local_u2netp -o shop.jpg --background white --crop --margin 10%",
        "cutout remove photo.jpg -m auto -o best.webp --server http://localhost:8000",
        "cutout remove --watch photos/ -m local_u2netp -o cutouts/",
    ),
    "compare": ("cutout compare photo.jpg -m local_isnet -m local_u2netp -o sheet.png",),
    "upscale": ("cutout upscale cutout.png -f 2 -o large.png",),
    "catalogue": (
        "cutout catalogue photos/ out/ --sample 50",
        "cutout catalogue photos/ s3://shop/out -w 'white/{stem}.jpg, background=white, crop'",
        "cutout catalogue products.csv out/ -m local_isnet -w '{sku}.webp' --fail-above 1%",
    ),
    "models": ("cutout models", "cutout models --json --server http://localhost:8000"),
    "weights pull": ("cutout weights pull local_u2netp",),
    "keys make": ('cutout keys make "The print shop" --daily-usd 5 --file keys',),
    "keys list": ("cutout keys list --file keys",),
    "keys revoke": ("cutout keys revoke 1a2b3c4d --file keys",),
    "mcp": ("cutout mcp --server http://localhost:8000 --folder pictures/ --max-cost-usd 0.01",),
    "serve": ("cutout serve", "PORT=9000 cutout serve my_serve_config.yaml"),
}
"""Lines of shell by command."""


def epilog(command: str) -> str:
    """The end of a command's help; the mark keeps each example on its line."""
    lines = "\n".join(f"  {line}" for line in EXAMPLES[command])
    return f"\b\nExamples:\n{lines}"
