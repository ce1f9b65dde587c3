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


class StatsBody(Body):
    """Answer of GET /selections/stats."""

    total: TallyBody
    categories: dict[str, TallyBody] = Field(description="By the callers' tags; a pick without one is in `total` only.")


class ExportedPick(Body):
    """One entry of GET /selections/export."""

    selection_id: str
    created_at: str = Field(description="ISO 8601, UTC.")
    selected_model_id: str
    image_category: str | None
    notes: str | None
    offered: list[str] = Field(description="The models it was chosen from, in the order shown.")
    edited: bool = Field(description="Whether the cutout was mended by hand before it was chosen.")
