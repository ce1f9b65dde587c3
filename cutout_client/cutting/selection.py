"""Selects the models of a command: those asked for that meet its terms."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from cutout.errors import ModelUnavailable, ValidationError
from cutout.models.selection import FUSED
from cutout_client.results import ModelInfo

if TYPE_CHECKING:
    from cutout_client.options import Terms


OF_REMBG = {
    "u2netp": "local_u2netp",
    "u2net": "local_u2net",
    "isnet-general-use": "local_isnet",
    "birefnet-general": "local_birefnet",
}
"""The shipped models by the names that rembg gives them."""


def terms_of(max_cost_usd: float | None, local_only: bool, commercial_only: bool) -> "Terms":
    """A command's options as the API's terms."""
    terms: Terms = {"local_only": local_only, "commercial_only": commercial_only}
    return terms if max_cost_usd is None else {**terms, "max_cost_usd": max_cost_usd}


def selected(asked: Sequence[str], cards: Sequence[ModelInfo], terms: "Terms") -> tuple[str, ...]:
    """The ids of the models asked for, by our names or rembg's, that meet the terms, and `fused`, last, if asked for.

    `all` means those that are available; `fused` alone is made of what its place decides.

    Raises:
        ValidationError: an id is unknown, no model meets the terms, or the models together cost too much.
        ModelUnavailable: `all` was asked for, and no model is available.
    """
    known, own = {one.id: one for one in cards}, (FUSED,) if FUSED in asked else ()
    asked = [our_name(name, known) for name in asked if name != FUSED]
    if unknown := [name for name in asked if name not in ("all", *known)]:
        raise ValidationError(f"Unknown model {unknown[0]!r}. Known: all, {FUSED}, {', '.join(known)}")
    if own and not asked:
        return own
    every = [one for one in cards if one.available]
    wanted = every if "all" in asked else [known[name] for name in dict.fromkeys(asked)]
    if not wanted:
        raise ModelUnavailable("No model is available. " + "; ".join(f"{one.id}: {one.reason}" for one in cards))
    left = [one for one in wanted if allowed(one, terms)]
    if not left:
        raise ValidationError(f"None of these models meets the terms: {', '.join(one.id for one in wanted)}")
    _check_price(left, terms)
    return (*(one.id for one in left), *own)


def allowed(one: ModelInfo, terms: "Terms") -> bool:
    """Whether a model meets the terms, but for the price."""
    if terms.get("local_only") and not one.local:
        return False
    return one.commercial_use or not terms.get("commercial_only")


def _check_price(models: Sequence[ModelInfo], terms: "Terms") -> None:
    price_usd, most_usd = round(sum(one.price_usd for one in models), 6), terms.get("max_cost_usd")
    if most_usd is not None and price_usd > most_usd:
        raise ValidationError(f"A photograph would cost {price_usd:g} USD, more than max_cost_usd, {most_usd:g}")


def our_name(name: str, known: Collection[str]) -> str:
    """The id of a model that is named as rembg names it; a name that is not rembg's, or not known here, stays."""
    ours = OF_REMBG.get(name, name)
    return ours if ours in known and name not in known else name
