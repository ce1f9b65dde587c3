"""The job that a line of the log belongs to."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from cutout.telemetry.job_context import PACKAGES, SERVE, current_job, follow, followed, log_to_serve


class Lines(logging.Handler):
    """What would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append((record.getMessage(), record.cutout_job_id))  # type: ignore[attr-defined]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """A stand-in for the file of Serve's logger, which everything else of the process gets back afterwards."""
    ours = [logging.getLogger(name) for name in (*PACKAGES, SERVE)]
    before = [(logger.level, logger.propagate, list(logger.handlers)) for logger in ours]
    found = Lines()
    logging.getLogger(SERVE).handlers = [found]
    log_to_serve()
    yield found
    for logger, (level, propagate, handlers) in zip(ours, before, strict=True):
        logger.setLevel(level)
        logger.propagate, logger.handlers = propagate, handlers


class Replica:
    """Work that logs in a thread, too."""

    async def work(self, factor: int) -> int:
        await asyncio.to_thread(logging.getLogger("serve_app.elsewhere").warning, "times %d", factor)
        return factor

    async def more(self, factor: int) -> int:
        return 10 * await self.work(factor)


class FollowedReplica(Replica):
    """As build.py makes one."""

    work = followed(Replica.work)
    more = followed(Replica.more)


def test_lines_name_their_job(lines: Lines) -> None:
    """Jobs worked on side by side have each their own lines, those of their threads included, and the method's time."""
    logging.getLogger(SERVE).setLevel("INFO")

    async def both() -> list[int]:
        calls = [FollowedReplica().work(2, part_of="two"), FollowedReplica().work(3, part_of="three")]  # type: ignore[call-arg]
        return list(await asyncio.gather(*calls))

    assert asyncio.run(both()) == [2, 3]
    assert {line for line in lines.seen if line[0].startswith("times")} == {("times 2", "two"), ("times 3", "three")}
    assert sorted(job for message, job in lines.seen if message.startswith("work in ")) == ["three", "two"]


def test_a_method_may_call_another(lines: Lines) -> None:
    """What one method has another do belongs to its job, and so does the line about the first."""
    logging.getLogger(SERVE).setLevel("INFO")

    assert asyncio.run(FollowedReplica().more(2, part_of="two")) == 20  # type: ignore[call-arg]
    assert [job for _, job in lines.seen] == ["two"] * 3


def test_the_level_is_serves(lines: Lines) -> None:
    """What Serve's configuration finds too quiet is not written, and what is loud enough comes once."""
    logging.getLogger(SERVE).setLevel("WARNING")
    log_to_serve()

    logging.getLogger("cutout.anything").info("quiet")
    logging.getLogger("cutout.anything").warning("loud")

    assert lines.seen == [("loud", "")]


def test_a_job_is_known_to_its_own_task_only() -> None:
    """Two tasks follow two jobs and do not see each other's."""

    async def known(job_id: str) -> str:
        follow(job_id)
        await asyncio.sleep(0)
        return current_job()

    async def both() -> list[str]:
        return list(await asyncio.gather(known("one"), known("two")))

    assert asyncio.run(both()) == ["one", "two"]
