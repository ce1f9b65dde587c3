"""Options of the client's requests, named as the API's fields."""

from typing import Literal, TypedDict

from cutout.pixels.plain import AlphaMode, EnlargingMethod, Fit, OutputFormat
from cutout_client.pictures import Background

Factor = Literal[2, 4]


class Terms(TypedDict, total=False):
    """Limits on price and time, and on the models to use."""

    max_cost_usd: float
    """Refuse the request, before anything is spent, if its models together cost more."""
    deadline_ms: int
    """Answer by then with the finished results; the remaining models fail with a timeout."""
    local_only: bool
    """Use only models that run in the service: no picture is sent to a provider."""
    commercial_only: bool
    """Use only models whose licence allows commercial use of the cutout."""


class Finish(TypedDict, total=False):
    """What is done to each cutout; docs/pictures.md describes each field."""

    output_format: OutputFormat
    output_type: Literal["cutout", "mask", "both"]
    background: Background
    background_url: str
    crop: bool
    crop_margin: str
    canvas: str
    inches: str
    fit: Fit
    dpi: float
    least_dpi: float
    shadow: int
    edge_choke: int
    edge_feather: int
    alpha: AlphaMode
    halftone_lpi: float
    quality: int
    method: EnlargingMethod
    """How it is enlarged; with an upscale factor."""


class JobOptions(Terms, Finish, total=False):
    """All options of a request with a picture."""

    transparency_handling: Literal["intersect_alpha", "return_input_if_non_opaque", "discard_alpha_layer"]
    refine: bool
    """Solve hair, fur and other soft edges of each matte against the picture."""


class Webhook(TypedDict, total=False):
    """Where to report the end of a job, and the secret that signs the report."""

    webhook_url: str
    webhook_secret: str


class BatchOptions(JobOptions, Webhook, total=False):
    """All options of a batch."""

    source: str
    """Name of a store that the service's operator configured, to read the pictures from."""
    prefix: str
    """The folder in it."""
