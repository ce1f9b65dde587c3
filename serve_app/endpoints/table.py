"""Every endpoint, one row each. Routes, access, admission, errors, metrics and the OpenAPI document come from it."""

from typing import Any, Final

from serve_app import contract
from serve_app.contract import CancelledJobBody, ErrorBody
from serve_app.dialects.rembg_server.endpoints import RembgEndpoints
from serve_app.dialects.rembg_server.errors import REMBG_SERVER
from serve_app.dialects.rembg_server.form import RembgFileForm, RembgUrlForm
from serve_app.dialects.remove_bg.bodies import AccountBody, RemoveBgBody
from serve_app.dialects.remove_bg.endpoints import RemoveBgEndpoints
from serve_app.dialects.remove_bg.errors import REMOVE_BG
from serve_app.dialects.remove_bg.form import RemoveBgForm
from serve_app.dialects.remove_bg.responses import HEADERS as REMOVE_BG_HEADERS
from serve_app.endpoints.batches import BatchEndpoints
from serve_app.endpoints.compose import ComposeEndpoint
from serve_app.endpoints.edit import EditEndpoint
from serve_app.endpoints.endpoint import Endpoint, ResponseSpec
from serve_app.endpoints.export import EXPORTS, FORMATS
from serve_app.endpoints.health import HealthEndpoints
from serve_app.endpoints.jobs import JobEndpoints
from serve_app.endpoints.models import ModelEndpoints
from serve_app.endpoints.page import PageEndpoints
from serve_app.endpoints.presets import PresetEndpoints
from serve_app.endpoints.process import ProcessEndpoints
from serve_app.endpoints.selections import SelectionEndpoints
from serve_app.endpoints.shares import ShareEndpoints
from serve_app.requests.accept import FORMATS as PICTURES
from serve_app.requests.accept import JSON, NDJSON, SSE, ZIP
from serve_app.requests.bodies.fields import FORM, MULTIPART
from serve_app.requests.later import ASYNC, KEY, KEY_CHARS
from serve_app.responses.write import HEADERS

PARTS: Final = (JSON, MULTIPART)
BYTES: Final = ("image/*", "application/octet-stream")
FILES: Final = (ZIP, *PICTURES)
TEXT: Final = {"type": "string"}
KEYED: Final = {"type": "string", "minLength": 1, "maxLength": KEY_CHARS, "pattern": "^[ -~]*$"}
DURABLE: Final = (
    {"name": KEY, "in": "header", "schema": KEYED, "description": "The same key and request are the same job."},
    {"name": "Prefer", "in": "header", "schema": TEXT, "description": f"`{ASYNC}`: answer 202."},
)
EXPORT: Final = {"type": "string", "enum": list(FORMATS), "default": "csv"}
EXPORTED: Final = {"type": "string", "enum": list(EXPORTS), "default": "picks"}
IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "schema": TEXT,
    "description": "The `ETag` of an earlier answer.",
}
TAGGED: Final = {"ETag": "Changes with the picture."}
ACCEPTED: Final = {202: ResponseSpec(contract.AcceptedBody)}


def _query(name: str, schema: Any, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _ok(body: Any, *media: str) -> dict[int, ResponseSpec]:
    return {200: ResponseSpec(body, media)}


def _job(body: Any, *media: str, unprocessable: Any, unavailable: Any) -> dict[int, ResponseSpec]:
    """A job's result, 202 where it is answered later, and what is answered when it failed."""
    failed = {422: ResponseSpec(unprocessable), 503: ResponseSpec(unavailable)}
    return {200: ResponseSpec(body, media, HEADERS), **ACCEPTED, **failed}


ENDPOINTS: Final = (
    Endpoint("GET", "/health", HealthEndpoints.health, _ok(contract.HealthBody), is_open=True),
    Endpoint("GET", "/health/live", HealthEndpoints.live, _ok(contract.LiveBody), is_open=True),
    Endpoint(
        "GET", "/health/ready", HealthEndpoints.ready,
        _ok(contract.ReadyBody) | {503: ResponseSpec(contract.ReadyBody)}, is_open=True,
    ),
    Endpoint("GET", "/models", ModelEndpoints.models, _ok(contract.ModelsBody)),
    Endpoint("GET", "/models/{model_id}", ModelEndpoints.model, _ok(contract.ModelCard), (404,)),
    Endpoint("GET", "/presets", PresetEndpoints.presets, _ok(contract.PresetsBody)),
    Endpoint(
        "POST", "/remove-background", ProcessEndpoints.remove_background,
        _job(
            contract.RemoveBody, *FILES, SSE, NDJSON,
            unprocessable=contract.FailedRemoveBody | CancelledJobBody,
            unavailable=contract.FailedRemoveBody | ErrorBody,
        ), (400, 403, 409, 413, 415),
        form=contract.RemoveForm, media=PARTS + BYTES, parameters=DURABLE, takes_slot=True,
    ),
    Endpoint(
        "POST", "/process", ProcessEndpoints.process,
        _job(
            contract.ProcessBody, *FILES, SSE, NDJSON,
            unprocessable=contract.FailedProcessBody | CancelledJobBody,
            unavailable=contract.FailedProcessBody | ErrorBody,
        ), (400, 403, 409, 413, 415),
        form=contract.ProcessForm, media=PARTS + BYTES, parameters=DURABLE, takes_slot=True,
    ),
    Endpoint(
        "POST", "/upscale", ProcessEndpoints.upscale,
        _job(
            contract.UpscaleBody, *PICTURES,
            unprocessable=contract.FailedUpscaleBody | CancelledJobBody | ErrorBody,
            unavailable=contract.FailedUpscaleBody | ErrorBody,
        ), (400, 409, 413, 415),
        form=contract.UpscaleForm, media=PARTS + BYTES, parameters=DURABLE, takes_slot=True,
    ),
    Endpoint(
        "POST", "/estimate", ProcessEndpoints.estimate, _ok(contract.EstimateBody), (400, 403, 415),
        form=contract.EstimateForm,
    ),
    Endpoint(
        "POST", "/log-selection", SelectionEndpoints.log_selection, _ok(contract.SelectionBody),
        (400, 404, 415), form=contract.SelectionForm,
    ),
    Endpoint("GET", "/selections/stats", SelectionEndpoints.stats, _ok(contract.StatsBody)),
    Endpoint(
        "GET", "/selections/export", SelectionEndpoints.export,
        _ok(list[contract.ExportedPick] | list[contract.ExportedWorth], "text/csv"), (400,),
        parameters=(_query("format", EXPORT, required=False), _query("what", EXPORTED, required=False)),
    ),
    Endpoint(
        "GET", "/jobs", JobEndpoints.list_jobs, _ok(contract.JobListBody), (400,), form=contract.JobsForm, media=(),
    ),
    Endpoint("GET", "/jobs/{job_id}", JobEndpoints.read, _ok(contract.JobStateBody), (404,)),
    Endpoint(
        "DELETE", "/jobs/{job_id}", JobEndpoints.cancel, _ok(contract.JobStateBody) | {204: ResponseSpec()}, (400, 404),
        form=contract.DeleteForm, media=(),
    ),
    Endpoint("GET", "/jobs/{job_id}/events", JobEndpoints.events, _ok(None, SSE), (404,)),
    Endpoint("POST", "/jobs/{job_id}/webhook", JobEndpoints.redeliver, ACCEPTED, (400, 404, 409)),
    Endpoint(
        "POST", "/jobs/{job_id}/compose", ComposeEndpoint.compose,
        {200: ResponseSpec(contract.RemoveBody | contract.ProcessBody, FILES, HEADERS)}, (400, 404, 409, 413, 415, 422),
        form=contract.ComposeForm, media=PARTS, takes_slot=True,
    ),
    Endpoint(
        "POST", "/jobs/{job_id}/edit", EditEndpoint.edit,
        {200: ResponseSpec(contract.RemoveBody | contract.ProcessBody, tuple(PICTURES), HEADERS)},
        (400, 404, 409, 413, 415, 422), form=contract.EditForm, media=PARTS, takes_slot=True,
    ),
    Endpoint(
        "POST", "/jobs/{job_id}/share", ShareEndpoints.share, _ok(contract.ShareBody), (400, 404, 409, 415),
        form=contract.ShareForm,
    ),
    Endpoint(
        "POST", "/batches", BatchEndpoints.submit, {202: ResponseSpec(contract.AcceptedBatchBody)},
        (400, 403, 409, 413, 415), form=contract.BatchForm, media=PARTS, parameters=DURABLE[:1], takes_slot=True,
    ),
    Endpoint(
        "GET", "/batches/{batch_id}", BatchEndpoints.read, _ok(contract.BatchBody), (400, 404),
        form=contract.BatchPageForm, media=(),
    ),
    Endpoint(
        "DELETE", "/batches/{batch_id}", BatchEndpoints.cancel,
        _ok(contract.BatchBody) | {204: ResponseSpec()}, (400, 404), form=contract.DeleteForm, media=(),
    ),
    Endpoint("GET", "/batches/{batch_id}/results.zip", BatchEndpoints.results, _ok(None, ZIP), (404, 409)),
    Endpoint(
        "GET", "/results/{job_id}/{name}", JobEndpoints.result,
        {200: ResponseSpec(None, ("image/*",), TAGGED), 304: ResponseSpec(headers=TAGGED)}, (403, 404, 503),
        parameters=(_query("expires", TEXT, required=True), _query("signature", TEXT, required=True), IF_NONE_MATCH),
        is_open=True,
    ),
    Endpoint(
        "POST", "/v1.0/removebg", RemoveBgEndpoints.removebg,
        {200: ResponseSpec(RemoveBgBody, ("image/*", ZIP), REMOVE_BG_HEADERS)},
        (400, 402, 403, 415), form=RemoveBgForm, media=(FORM, JSON, MULTIPART), takes_slot=True, dialect=REMOVE_BG,
    ),
    Endpoint("GET", "/v1.0/account", RemoveBgEndpoints.account, _ok(AccountBody), (403,), dialect=REMOVE_BG),
    Endpoint(
        "POST", "/api/remove", RembgEndpoints.from_file, _ok(None, "image/png"),
        (400, 401, 403, 413, 415, 422), form=RembgFileForm, media=(MULTIPART,), takes_slot=True, dialect=REMBG_SERVER,
    ),
    Endpoint(
        "GET", "/api/remove", RembgEndpoints.from_url, _ok(None, "image/png"),
        (400, 401, 403, 413, 415, 422), form=RembgUrlForm, media=(), takes_slot=True, dialect=REMBG_SERVER,
    ),
    # A browser opens the pages and loads their parts without a header that a script could set. They hold no picture and
    # cost nothing; the page asks for the key, and sends it with each call.
    Endpoint("GET", "/", PageEndpoints.page, is_open=True, is_compressed=True),
    Endpoint("GET", "/leaderboard", PageEndpoints.page, is_open=True, is_compressed=True),
    Endpoint("GET", "/shared/{job_id}", ShareEndpoints.shared, is_open=True, is_compressed=True),
    Endpoint("GET", "/static/{file:path}", PageEndpoints.static, is_open=True, is_compressed=True),
    Endpoint("GET", "/docs", PageEndpoints.docs, is_open=True, is_compressed=True),
    Endpoint("GET", "/docs/assets/{file:path}", PageEndpoints.docs_assets, is_open=True, is_compressed=True),
    Endpoint("GET", "/openapi.json", PageEndpoints.openapi, is_open=True, is_compressed=True),
)  # fmt: skip
