"""The current tables; migrations/ has the steps that create them, and a test compares the two."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

from cutout.picks.pick import CATEGORY_CHARS

METADATA = MetaData()

jobs = Table(
    "jobs",
    METADATA,
    Column("job_id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("created_at", Double, nullable=False, comment="Unix time, in seconds"),
    Column("key_id", String(64)),
    Column("asked", JSON, nullable=False),
    Column("wall_ms", Double, nullable=False),
    Column("status", String(16), nullable=False),
    Column("results", JSON, nullable=False, comment="A list in the order shown; one entry a model"),
)

picks = Table(
    "picks",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("selection_id", String(36), nullable=False, unique=True),
    Column("job_id", String(36), ForeignKey("jobs.job_id"), nullable=False, unique=True),
    Column("selected_model_id", String(64), nullable=False),
    Column("offered", Text, nullable=False, comment="Model ids, sorted, a space between: what statistics group by"),
    Column("image_category", String(CATEGORY_CHARS)),
    Column("notes", Text),
    Column("created_at", Double, nullable=False, comment="Unix time of the pick that counts, in seconds"),
    Column("edited", Boolean, nullable=False, server_default=false(), comment="Mended by hand before it was chosen"),
    Column("shown", Text, comment="Model ids in the order shown, a space between; null: as in the job"),
    Index("picks_statistics", "image_category", "offered", "selected_model_id"),
)

spending = Table(
    "spending",
    METADATA,
    Column("day", String(10), primary_key=True, comment="UTC, as 2026-01-31"),
    Column("payer", String(64), primary_key=True, comment="A provider's name, or `key` and a key's id"),
    Column("usd", Double, nullable=False),
)

holds = Table(
    "holds",
    METADATA,
    Column("hold_id", String(36), primary_key=True, comment="One request's, or one model's of a durable job"),
    Column("model_id", String(64), primary_key=True),
    Column("usd", Double, nullable=False),
    Column("payers", JSON, nullable=False, comment="As in `spending`"),
    Column("owner", String(64), nullable=False, comment="The run of the service that holds it"),
    Column("until", Double, nullable=False, comment="Unix time, in seconds, after which it counts as spent"),
)

worths = Table(
    "worths",
    METADATA,
    Column("name", String(16), primary_key=True, comment="`latest`: each fit replaces the one before"),
    Column("fitted_at", Double, nullable=False, comment="Unix time, in seconds"),
    Column("worths", JSON, nullable=False),
)
