"""A shop's photographs become cutouts under its products' names.

`WEBHOOK_SECRET=… python shop_receiver.py SERVICE PHOTOS CUTOUTS PORT` submits each `PHOTOS/PRODUCT.jpg` as a durable
job, and receives the webhooks of their ends at PORT. It needs `pip install cutout-shotgun standardwebhooks`.
"""

import base64
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
from standardwebhooks import Webhook, WebhookVerificationError

from cutout_client import Client

SECRET = os.environ["WEBHOOK_SECRET"]
KEY = SECRET if SECRET.startswith("whsec_") else base64.b64encode(SECRET.encode()).decode()
SERVICE, PHOTOS, CUTOUTS, PORT = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
products: dict[str, str] = {}
"""Name of the product by its job's id; a shop keeps it in its database."""


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 once a product's cutout is stored; whatever else it answers, the message comes again."""

    def do_POST(self) -> None:
        """Verify the message, then store the best cutout. A second time does the same again."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            job = Webhook(KEY).verify(body, dict(self.headers))
        except WebhookVerificationError as forged:
            self.send_error(400, str(forged))
            return
        product = products.get(job["job_id"])
        if product is None:
            self.send_error(503, "the job is not known yet")
            return
        good = [result for result in job["results"] if not result.get("error")]
        if good:
            best = next((one for one in good if one["model_id"] == job.get("selected_model_id")), good[0])
            picture = httpx.get(best["image_url"], timeout=60).raise_for_status()
            (CUTOUTS / f"{product}.png").write_bytes(picture.content)
        print(json.dumps({"product": product, "event": job["event"], "look": job.get("review_reason")}), flush=True)
        self.send_response(204)
        self.end_headers()


def submit() -> None:
    """Submit every product's photograph."""
    with Client(SERVICE, api_key=os.environ.get("CUTOUT_API_KEY")) as client:
        for photo in sorted(PHOTOS.glob("*.jpg")):
            webhook = {"webhook_url": f"http://127.0.0.1:{PORT}/", "webhook_secret": SECRET}
            products[client.submit(photo, "auto", **webhook)] = photo.stem


if __name__ == "__main__":
    CUTOUTS.mkdir(exist_ok=True)
    with HTTPServer(("127.0.0.1", PORT), Receiver) as server:
        Thread(target=submit, daemon=True).start()
        server.serve_forever()
