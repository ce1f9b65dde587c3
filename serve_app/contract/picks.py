"""Bodies about picks: recorded, counted and exported."""

from typing import Literal

from pydantic import Field

from serve_app.contract.body import Body


class SelectionBody(Body):
    """Answer of POST /log-selection."""

    status: Literal["logged"]
    selection_id: str
    replaced: Literal[True] | None = Field(None, description="The job's earlier pick no longer counts; else absent.")


class ModelStatsBody(Body):
    """How often a model was picked where it was offered."""

    model_id: str
    picks: int
    offered: int = Field(description="Jobs with a pick in which it was offered: the n of the rate.")
    win_rate: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1, description="Lower end of the 95 % Wilson score interval.")
    high: float = Field(ge=0, le=1, description="Upper end of the 95 % Wilson score interval.")


class TallyBody(Body):
    """Picks, counted."""

    picks: int = Field(description="Jobs with a pick, `none` included.")
    none: int = Field(description="Jobs for which none of the cutouts would do.")
    models: list[ModelStatsBody] = Field(description="In order of model id, which is not a ranking.")


class WorthBody(Body):
    """How often a model's cutout is picked over an average one, both shown in the same way."""

    model_id: str
    offered: int = Field(description="Picks of jobs that offered it.")
    chance: float = Field(ge=0, le=1, description="0.5: as often as an average one.")
    low: float = Field(ge=0, le=1, description="Lower end of the 95 % interval.")
    high: float = Field(ge=0, le=1, description="Upper end of the 95 % interval.")
    is_known: bool = Field(description="Whether it was offered often enough to decide by it.")
    words: str = Field(description="The same in a sentence.")


class EffectBody(Body):
    """By how much something beside the model moves the log odds of a pick."""

    name: Literal["first_place", "agreement", "sharpness"] = Field(
        description="The first place against one far behind; 0.1 more agreement or sharpness."
    )
    value: float
    low: float = Field(description="Lower end of the 95 % interval.")
    high: float = Field(description="Upper end of the 95 % interval.")


class WorthsBody(Body):
    """What was learned from picks, in the background."""

    votes: int = Field(description="Picks that it was learned from; 0: nothing was learned yet.")
    fitted_at: float | None = Field(description="Unix time, in seconds.")
    models: list[WorthBody] = Field(description="The best first.")
    categories: dict[str, list[WorthBody]]
    effects: list[EffectBody]


class StatsBody(Body):
    """Answer of GET /selections/stats."""

    total: TallyBody
    categories: dict[str, TallyBody] = Field(description="By the callers' tags; a pick without one is in `total` only.")
    worths: WorthsBody = Field(
        description="How often a model's cutout is picked over an average one, whatever it was shown beside."
    )


class ExportedPick(Body):
    """One entry of GET /selections/export."""

    selection_id: str
    created_at: str = Field(description="ISO 8601, UTC.")
    selected_model_id: str
    image_category: str | None
    notes: str | None
    offered: list[str] = Field(description="The models it was chosen from, in the order shown.")
    edited: bool = Field(description="Whether the cutout was mended by hand before it was chosen.")
    agreement: list[float | None] = Field(description="Of each of these cutouts with the others; null: not measured.")
    sharpness: list[float | None] = Field(description="Of each of these cutouts; null: not measured.")


class ExportedWorth(Body):
    """One entry of GET /selections/export?what=worths."""

    image_category: str | None = Field(description="null: in all pictures.")
    model_id: str
    offered: int
    chance: float
    low: float
    high: float
