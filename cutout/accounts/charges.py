"""What a paid model costs, and the budgets that it counts against."""

from collections.abc import Mapping
from dataclasses import dataclass

from cutout.accounts.keys import KeyRecord


@dataclass(frozen=True, slots=True)
class Charge:
    """One model's cost in one job."""

    model_id: str
    usd: float
    payers: tuple[str, ...]
    """Budgets that it counts against: the provider's name, then `key <id>` of the API key where there is one."""


def payers(provider: str, key: KeyRecord | None) -> tuple[str, ...]:
    """The budgets that a charge counts against: the provider's and, if there is one, that of the caller's key."""
    return (provider, f"key {key.id}") if key else (provider,)


def ceilings(daily_usd: Mapping[str, float], key: KeyRecord | None) -> dict[str, float]:
    """Most USD a day by payer: the providers' from service.yaml, and that of the key, if it has one."""
    own = {f"key {key.id}": key.daily_usd} if key and key.daily_usd is not None else {}
    return {**daily_usd, **own}
