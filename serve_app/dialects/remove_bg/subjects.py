"""The types of subject, and the fields that a caller gives for each of them: `shadow_type[car]=3D`."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from cutout.errors import ValidationError

Subject: TypeAlias = Literal[
    "auto", "person", "product", "car", "animal", "graphic", "transportation",
    "graphics", "car_interior", "car_part", "other",
]  # fmt: skip
"""Those of the last line are from older versions of the API; published clients still send them."""
TYPES: Final = tuple(kind for kind in get_args(Subject) if kind != "auto")
OTHERS: Final = {"shadow_type": "none", "shadow_opacity": "auto"}
"""What holds for a type that is not mentioned, as there."""
_NAME = re.compile(rf"({'|'.join(OTHERS)})\[(\w*)\]")


def for_type(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields, where those by type have become the one for the request's `type`; without one, that for `other`.

    Raises:
        ValidationError: a type that does not exist, or a field that is given for a type and for all.
    """
    chosen = {name: value for name, value in fields.items() if not _NAME.fullmatch(name)}
    asked = str(fields.get("type", "auto"))
    kind = "other" if asked == "auto" else asked
    told = {(found[1], found[2]): value for name, value in fields.items() if (found := _NAME.fullmatch(name))}
    for name, of in told:
        if of not in TYPES:
            raise ValidationError.of_field(name, f"{name}[{of[:64]}]: one of {', '.join(TYPES)} expected", of)
        if name in fields:
            raise ValidationError.of_field(name, f"{name}: expected for all types, or as {name}[{of}], not both", of)
        chosen[name] = told.get((name, kind), OTHERS[name])
    return chosen
