"""All files that Chromium is asked about."""

from tests.pictures import colours, oddities, transparency

FILES = {
    f"{kind}: {name}": data
    for kind, files in (
        ("colour", colours.cases()), ("transparency", transparency.cases()), ("oddity", oddities.cases())
    )
    for name, data in files.items()
}  # fmt: skip
