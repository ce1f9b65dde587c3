"""The limits: exact in every window, exact in jobs, and small in memory. Time is what the test says it is."""

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutout.accounts.limiter import SLOT_RETRY_S, Limiter
from cutout.accounts.rate_limit import JobSlot
from cutout.accounts.spec import LimitTier

LEASE_S = 330.0
TIER = LimitTier()


class Clock:
    """Seconds, in steps of whole milliseconds."""

    def __init__(self) -> None:
        self.ms = 5_000_000

    def __call__(self) -> float:
        return self.ms / 1000


def limited(clock: Clock) -> Limiter:
    return Limiter(LEASE_S, clock)


def test_sixty_a_minute() -> None:
    """60 requests are allowed and count down; the 61st is refused until a minute after the first."""
    clock = Clock()
    limiter = limited(clock)

    decisions = [limiter.admit("ann", TIER) for _ in range(61)]

    assert [v.allowed for v in decisions] == [True] * 60 + [False]
    assert [v.remaining for v in decisions] == [*range(59, -1, -1), 0]
    assert {v.limit for v in decisions} == {60}
    assert decisions[-1].retry_after_s == 61  # 60.001 s, rounded up
    assert decisions[0].retry_after_s == 0
    clock.ms += 60_000
    assert not limiter.admit("ann", TIER).allowed
    clock.ms += 1
    assert [limiter.admit("ann", TIER).allowed for _ in range(61)] == [True] * 60 + [False]


@given(st.lists(st.integers(0, 30_000), max_size=120), st.integers(1, 8))
def test_never_more_and_never_fewer(gaps_ms: list[int], limit: int) -> None:
    """In no 60 seconds, wherever they begin, more than the limit; refused only where the limit was just reached."""
    clock, tier = Clock(), LimitTier(requests_per_minute=limit)
    limiter = limited(clock)
    admitted: list[int] = []
    for gap_ms in gaps_ms:
        clock.ms += gap_ms
        before = [ms for ms in admitted if ms >= clock.ms - 60_000]

        decision = limiter.admit("ann", tier)

        assert decision.allowed == (len(before) < limit)
        admitted += [clock.ms] * decision.allowed
        assert decision.remaining == limit - len(before) - decision.allowed
    assert all(sum(start <= ms <= start + 60_000 for ms in admitted) <= limit for start in admitted)


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=30))
def test_the_advice_is_true(gaps_ms: list[int]) -> None:
    """Whoever waits as long as he was told is let in, and one second sooner he is not."""
    clock, tier = Clock(), LimitTier(requests_per_minute=3)
    limiter = limited(clock)
    for gap_ms in gaps_ms:
        clock.ms += gap_ms
        decision = limiter.admit("ann", tier)
        if not decision.allowed:
            clock.ms += decision.retry_after_s * 1000 - 1000
            assert not limiter.admit("ann", tier).allowed
            clock.ms += 1000
            assert limiter.admit("ann", tier).allowed


def test_reset_is_when_the_next_slot_comes_free() -> None:
    """The reset is the oldest request's end in Unix time, however many came after; now, when all is free."""
    clock = Clock()
    limiter = limited(clock)
    limiter.admit("ann", TIER)
    clock.ms += 20_000

    before = time.time()
    second, other = limiter.admit("ann", TIER), limiter.admit("bob", TIER, 0)
    after = time.time()

    assert math.ceil(before + 40.001) <= second.reset_unix_s <= math.ceil(after + 40.001)
    assert math.ceil(before) <= other.reset_unix_s <= math.ceil(after)


def test_a_look_costs_nothing() -> None:
    """A cost of 0 is always allowed, shows what is left, and takes nothing from it."""
    limiter, tier = limited(Clock()), LimitTier(requests_per_minute=2)
    limiter.admit("ann", tier)

    looks = [limiter.admit("ann", tier, 0) for _ in range(5)]
    limiter.admit("ann", tier)
    last = limiter.admit("ann", tier, 0)

    assert {(v.allowed, v.remaining) for v in looks} == {(True, 1)}
    assert (last.allowed, last.remaining) == (True, 0)


def test_callers_do_not_share() -> None:
    """One caller's full window is nothing to another."""
    limiter, tier = limited(Clock()), LimitTier(requests_per_minute=1, concurrent_jobs=1)

    assert [limiter.admit(who, tier).allowed for who in ("ann", "ann", "bob")] == [True, False, True]
    assert [limiter.take_slot(who, tier, f"{n}").allowed for n, who in enumerate(("ann", "ann", "bob"))] == [
        True, False, True,
    ]  # fmt: skip


def test_four_jobs_at_a_time() -> None:
    """The fifth job is refused until one of the four ends; ending twice, or what never began, changes nothing."""
    limiter = limited(Clock())

    decisions = [limiter.take_slot("ann", TIER, f"job {n}") for n in range(5)]

    assert [v.allowed for v in decisions] == [True] * 4 + [False]
    assert [v.remaining for v in decisions] == [3, 2, 1, 0, 0]
    assert decisions[4].retry_after_s == SLOT_RETRY_S
    limiter.free_slot("job 2")
    limiter.free_slot("job 2")
    limiter.free_slot("no such job")
    assert [limiter.take_slot("ann", TIER, f"more {n}").allowed for n in range(2)] == [True, False]


def test_a_dead_ingress_holds_no_slot_for_ever() -> None:
    """A job that nobody ends gives its slot back when its lease is over, unless it was renewed."""
    clock, tier = Clock(), LimitTier(concurrent_jobs=2)
    limiter = limited(clock)
    for job_id in ("dead", "alive"):
        assert limiter.take_slot("ann", tier, job_id).allowed
    clock.ms += int(LEASE_S * 1000) - 1
    assert limiter.take_slot("ann", tier, "alive").allowed
    assert not limiter.take_slot("ann", tier, "new").allowed
    clock.ms += 1

    assert limiter.take_slot("ann", tier, "new").allowed
    assert not limiter.take_slot("ann", tier, "newer").allowed


steps = st.lists(
    st.tuples(st.sampled_from(["begin", "end", "wait"]), st.sampled_from("ab"), st.integers(0, 5)), max_size=60
)


@settings(max_examples=100)
@given(steps)
def test_slots_are_counted_as_a_plain_list_would(script: list[tuple[str, str, int]]) -> None:
    """Whatever order jobs begin, end, renew and outlive their lease in, the decisions are those of a plain list."""
    clock, tier = Clock(), LimitTier(concurrent_jobs=2)
    limiter = limited(clock)
    held: dict[str, tuple[str, int]] = {}
    for step, who, number in script:
        if step == "wait":
            clock.ms += number * 100_000
        elif step == "end":
            limiter.free_slot(f"job {number}")
            held.pop(f"job {number}", None)
        else:
            until_ms = clock.ms + int(LEASE_S * 1000)
            held = {job: slot for job, slot in held.items() if slot[1] > clock.ms and job != f"job {number}"}
            taken = sum(slot[0] == who for slot in held.values())

            assert limiter.take_slot(who, tier, f"job {number}").allowed == (taken < 2)

            held |= {f"job {number}": (who, until_ms)} if taken < 2 else {}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many callers are remembered, so that many are soon there."""
    monkeypatch.setattr("cutout.accounts.limiter.CALLERS", 1000)
    return 1000


def test_many_callers_do_not_fill_the_memory(few: int) -> None:
    """Of many callers no more than CALLERS are remembered, the latest, and after a quiet minute none of them."""
    clock, tier = Clock(), LimitTier(requests_per_minute=1)
    limiter = limited(clock)

    for number in range(10 * few):
        limiter.admit(f"address:{number}", tier)

    assert len(limiter) == few
    assert not limiter.admit(f"address:{9 * few + 1}", tier).allowed
    clock.ms += 60_001
    limiter.admit("ann", tier)
    assert len(limiter) == 1


def test_a_busy_caller_is_not_forgotten_for_new_ones(few: int) -> None:
    """A caller who keeps asking keeps his full window, however many others come."""
    limiter, tier = limited(Clock()), LimitTier(requests_per_minute=1)
    limiter.admit("ann", tier)

    for number in range(3 * few):
        limiter.admit(f"address:{number}", tier)
        if number % 100 == 0:
            assert not limiter.admit("ann", tier).allowed


def test_jobs_that_never_end_do_not_fill_the_memory() -> None:
    """However many jobs a dead ingress began, they are forgotten with their leases."""
    clock = Clock()
    limiter = limited(clock)
    for number in range(5_000):
        limiter.take_slot(f"address:{number}", TIER, f"job {number}")
    clock.ms += int(LEASE_S * 1000)

    limiter.take_slot("ann", TIER, "job")

    assert len(limiter) == 1


def test_slots_that_are_held() -> None:
    """Held slots count whatever the limit is, each once, and for a lease from the last time; then they are free."""
    clock, tier = Clock(), LimitTier(concurrent_jobs=2)
    limiter, slots = limited(clock), [JobSlot("ann", f"job {number}") for number in range(3)]
    limiter.take_slot("ann", tier, "job 0")
    limiter.hold_slots(slots)
    clock.ms += int(LEASE_S * 1000) - 1
    limiter.hold_slots(slots[:2])
    clock.ms += 1

    assert len(limiter) == 3
    assert not limiter.take_slot("ann", tier, "new").allowed
    assert len(limiter) == 2
    limiter.free_slot("job 0")
    assert limiter.take_slot("ann", tier, "new").allowed
