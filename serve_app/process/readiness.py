"""Waits until a started service is ready, and sends it a sample picture."""

import sys
import threading
import time
from importlib.resources import files
from typing import Any

import httpx
from ray import serve

from cutout.models.spec import LOCAL
from serve_app.settings import APP_NAME, Settings

START_S = 240.0
"""Longest start, in seconds: the first time, models may be compiled for this processor."""
LOOK_S = 5.0
"""Seconds between two looks at what Serve says, which takes it ten milliseconds a deployment (ray 2.60)."""
SAMPLE = files("serve_app") / "static" / "sample.avif"


def wait_ready(client: httpx.Client, ended: threading.Event) -> bool:
    """Wait until every model, the ledger and the job worker are ready or report why they cannot be.

    Returns:
        False when the deployment fails, START_S seconds pass, or `ended` is set.
    """
    begun = looked = time.monotonic()
    while not ended.wait(0.2) and (now := time.monotonic()) < begun + START_S:
        if now > looked + LOOK_S:
            looked = now
            if _has_failed():
                return False
        try:
            health = client.get("/health").raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            continue
        if all(one["state"] != "starting" for one in (*health["models"].values(), *health["dependencies"].values())):
            return True
    if not ended.is_set():
        print(f"The service was not ready after {START_S:g} s", file=sys.stderr)
    return False


def _has_failed() -> bool:
    application = serve.status().applications.get(APP_NAME)
    if not application or application.status not in ("DEPLOY_FAILED", "UNHEALTHY"):
        return False
    print(f"The service could not be deployed: {application.message}", file=sys.stderr)
    return True


def send_sample(client: httpx.Client) -> None:
    """Send a picture through every local model that has a replica, and print each result. Remote models cost money."""
    if Settings().api_keys_file:
        print("  No sample picture is sent: requests need an API key")
        return
    cards = client.get("/models").raise_for_status().json()["models"]
    left_out = {card["id"]: reason for card in cards if (reason := _left_out(card))}
    if names := [card["id"] for card in cards if card["id"] not in left_out]:
        fields, headers = {"include_models": ",".join(names), "local_only": "true"}, {"Content-Type": "image/avif"}
        answer = client.post("/remove-background", params=fields, content=SAMPLE.read_bytes(), headers=headers)
        for result in answer.json().get("results", []):
            outcome = result.get("error") or f"{result['processing_time_ms']} ms, {result['cost_usd']:.4f} USD"
            print(f"  {result['model_name']:<28} {outcome}")
    for model_id, reason in left_out.items():
        print(f"  {model_id:<28} left out: {reason}")


def _left_out(card: dict[str, Any]) -> str | None:
    """Why a model, by its entry in GET /models, does not get the sample picture; None: it gets it."""
    if card["provider"] != LOCAL:
        return card["reason"] or "it is not local"
    if card["state"] == "unavailable":
        return str(card["reason"])
    return "at rest, until its first picture" if card["at_rest"] else None
