"""A document against a list of fields, such as those in fields/."""

from collections.abc import Iterator
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "quantity": (str, int, float),
    "any": (object,),
}


def faults(found: Any, form: Any, where: str = "") -> Iterator[str]:
    """What is wrong with the document: a sentence each, with the place."""
    if isinstance(form, list):
        if not isinstance(found, list):
            yield f"{where}: a list expected"
            return
        for place, item in enumerate(found):
            yield from faults(item, form[0], f"{where}[{place}]")
    elif isinstance(form, dict):
        yield from _fields(found, form, where)
    elif not _fits(found, form):
        yield f"{where}: {form} expected, not {found!r}"


def _fields(found: Any, form: dict[str, Any], where: str) -> Iterator[str]:
    if not isinstance(found, dict):
        yield f"{where}: fields expected"
        return
    known = {name.rstrip("!"): inner for name, inner in form.items()}
    for name, value in found.items():
        if name in known or "*" in known:
            yield from faults(value, known.get(name, known.get("*")), f"{where}.{name}")
        else:
            yield f"{where}.{name}: no such field"
    yield from (f"{where}.{name[:-1]}: missing" for name in form if name.endswith("!") and name[:-1] not in found)


def _fits(found: Any, form: str) -> bool:
    if form in TYPES:
        return isinstance(found, TYPES[form]) and (form != "integer" or not isinstance(found, bool))
    if ".." in form:
        low, high = form.split("..")
        return isinstance(found, int) and int(low) <= found <= int(high)
    return str(found) in form.split("|")
