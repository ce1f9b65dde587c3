"""What `fused` is called, and what its sources allow: a combination has no file in configs/models/ and no price."""

from collections.abc import Mapping, Sequence

from cutout.models.selection import AUTO, FUSED
from cutout.models.spec import LicenceSpec, ModelSpec

NAMES = {AUTO: "Auto", FUSED: "Fused"}
FEWEST = 2
"""Cutouts of which one can be made."""
UNKNOWN = LicenceSpec(name="unknown", commercial=False)
"""Of a model that the service no longer has, and of a combination that failed."""


def name_of(model_id: str, specs: Mapping[str, ModelSpec]) -> str:
    """The name shown to people, of a model, `auto` or `fused`."""
    return NAMES[model_id] if model_id in NAMES else specs[model_id].name


def licence_of(model_id: str, sources: Sequence[str], specs: Mapping[str, ModelSpec]) -> LicenceSpec:
    """The licence of a cutout: of its model, or the strictest of the sources of `fused`."""
    if model_id != FUSED:
        return specs[model_id].licence
    return strictest([specs[source].licence if source in specs else UNKNOWN for source in sources])


def strictest(licences: Sequence[LicenceSpec]) -> LicenceSpec:
    """The first that forbids commercial use; where none does, all of them together. Of none, UNKNOWN."""
    if not licences:
        return UNKNOWN
    forbidding = [licence for licence in licences if not licence.commercial]
    if forbidding:
        return forbidding[0]
    return LicenceSpec(name=" and ".join(sorted({licence.name for licence in licences})), commercial=True)


def too_few(count: int, reasons: Mapping[str, str]) -> str:
    """Why nothing can be made of `count` cutouts, fewer than FEWEST; `reasons` say why models gave none."""
    message = f"The cutouts of {FEWEST} models are needed, and there {'is one' if count else 'are none'}"
    return ". ".join(filter(None, (message, "; ".join(f"{name}: {reason}" for name, reason in reasons.items()))))
