"""Who pays for what: a paid model's price, and the budgets that it is taken from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cutout.accounts.keys import KeyRecord
from cutout.models.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class Charge:
    """One model's cost in one job."""

    model_id: str
    usd: float
    payers: tuple[str, ...]
    """Budgets it counts against: the provider's name, and the API key's id where there is one."""


class Purse(Protocol):
    """Budgets, wherever they live; deployments/budget.py says what each method does."""

    async def reserve(self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        """Set charges aside; models that a ceiling leaves no money for come back, each with the reason."""

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        """Book what was really spent of a hold. Sent again it changes nothing."""


def charge(spec: ModelSpec, usd: float, key: KeyRecord | None) -> Charge:
    """A model's charge against its provider's budget and the caller's."""
    return Charge(spec.id, usd, (spec.provider, f"key {key.id}") if key else (spec.provider,))


def ceilings(daily_usd: Mapping[str, float], key: KeyRecord | None) -> dict[str, float]:
    """USD a day by payer: the providers' from service.yaml, and the key's own."""
    own = {f"key {key.id}": key.daily_usd} if key and key.daily_usd is not None else {}
    return {**daily_usd, **own}
