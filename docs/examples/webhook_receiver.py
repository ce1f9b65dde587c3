"""A receiver of webhooks that believes nothing unsigned: `WEBHOOK_SECRET=… python webhook_receiver.py 9000`.

It needs `pip install standardwebhooks rfc8785`. Either of the two signatures is enough; both are shown.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import rfc8785
from standardwebhooks import Webhook, WebhookVerificationError

SECRET = os.environ["WEBHOOK_SECRET"]
KEY = SECRET if SECRET.startswith("whsec_") else base64.b64encode(SECRET.encode()).decode()
seen: set[str] = set()


def contract_signature(payload: dict[str, Any]) -> str:
    """What `signature` must be: HMAC-SHA256, in hex, of the payload without it, written as RFC 8785 says."""
    unsigned = {name: value for name, value in payload.items() if name != "signature"}
    return hmac.new(SECRET.encode(), rfc8785.dumps(unsigned), hashlib.sha256).hexdigest()


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what is signed, 400 to everything else."""

    def do_POST(self) -> None:
        """Verify, note each message once, answer soon: work that takes long belongs after the answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            # The Standard Webhooks way covers the very bytes, and refuses a message older than five minutes.
            payload = Webhook(KEY).verify(body, dict(self.headers))
        except WebhookVerificationError as forged:
            self.send_error(400, str(forged))
            return
        if not hmac.compare_digest(contract_signature(payload), str(payload["signature"])):
            self.send_error(400, "the payload's own signature is wrong")
            return
        message_id = self.headers["webhook-id"]
        if message_id not in seen:  # a message may come twice; its id stays the same
            seen.add(message_id)
            print(json.dumps({"event": payload["event"], "job_id": payload["job_id"]}), flush=True)
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
