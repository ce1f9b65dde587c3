"""An S3 on loopback: moto, as a real HTTP server, which can be made to fail."""

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import boto3
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

Wsgi: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
FAULTS = ("refused", "slow", "dropped", "lost")
"""Answered with 503; answered late; not done, and the connection ended; done, and the connection ended."""
SLOW_S = 0.05


@dataclass
class Moody:
    """An S3 that does to a share of its calls what FAULTS has."""

    app: Wsgi
    share: float = 0.0
    faults: "Counter[str]" = field(default_factory=Counter)
    """How often it had each."""
    _chance: random.Random = field(default_factory=lambda: random.Random(1))

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """One call."""
        fault = self._chance.choice(FAULTS) if self._chance.random() < self.share else "none"
        self.faults[fault] += 1
        if fault == "refused":
            start("503 Slow Down", [("Content-Type", "application/xml")])
            return [b"<Error><Code>SlowDown</Code></Error>"]
        if fault == "slow":
            time.sleep(SLOW_S)
        answer: Iterable[bytes] = []
        if fault == "dropped":
            start("200 OK", [])
        else:
            answer = self.app(environ, start)
        if fault in ("dropped", "lost"):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return answer


@contextmanager
def serving() -> Iterator[tuple[str, Moody]]:
    """The address of a folder in a bucket, with the environment that leads to it, and what can make it fail."""
    moody = Moody(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, moody, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "AWS_ALLOW_HTTP": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="pictures")
        yield "s3://pictures/cutout", moody
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a folder in an S3 on loopback."""
    with serving() as (address, _):
        yield address


@pytest.fixture
def moody_s3() -> Iterator[tuple[str, Moody]]:
    """Another one, and what makes it fail: nothing yet."""
    with serving() as served:
        yield served
