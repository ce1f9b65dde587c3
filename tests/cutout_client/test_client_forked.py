"""A Client that was made before a fork, as gunicorn's preload, Celery and multiprocessing make it."""

import os
import signal
import traceback
from collections.abc import Callable, Iterator

import pytest

from cutout_client import Client
from tests.support.durable_jobs import picture
from tests.support.loopback_service import Running
from tests.support.patience import HANG_S


def forked(work: Callable[[], object]) -> int:
    """The exit code of a child that does this: 0, or 1 where it raised; by SIGALRM where it hangs."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    signal.alarm(int(HANG_S))
    code = 1
    try:
        work()
        code = 0
    finally:  # what a test raises must not go on in a child
        if code:
            traceback.print_exc()
        os._exit(code)


@pytest.fixture
def client(service: Running) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


@pytest.mark.parametrize("used", [False, True])
def test_it_works_in_the_child_and_in_the_parent(client: Client, used: bool) -> None:
    """Used before the fork or not: the child is answered, closes what it has, and the parent goes on after it."""
    if used:
        client.models()

    def child() -> None:
        with client:
            assert len(client.models()) == 3
            assert client.remove_background(picture(), "first").results

    assert forked(child) == 0
    assert len(client.models()) == 3


def test_it_works_in_the_child_of_a_child(client: Client) -> None:
    """A fork of a fork has its own connections, too."""
    client.models()

    def child() -> None:
        assert forked(client.models) == 0
        assert len(client.models()) == 3

    assert forked(child) == 0


def test_a_child_may_close_what_it_never_used(client: Client) -> None:
    """Closing it there leaves the parent's connections as they are."""
    client.models()

    assert forked(client.close) == 0
    assert len(client.models()) == 3


def test_a_stream_stays_where_it_was_begun(client: Client) -> None:
    """In the child a stream of the parent's raises at once; the parent reads it to its end."""
    stream = client.stream(picture(), ["first", "second"])
    next(stream)

    def child() -> None:
        with pytest.raises(RuntimeError, match="started before the process was forked"):
            next(stream)

    assert forked(child) == 0
    assert len(list(stream)) == 1
