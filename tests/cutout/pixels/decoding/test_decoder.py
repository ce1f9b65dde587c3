"""Pictures decoded in processes of their own."""

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutout.errors import InvalidFormat, ResolutionTooHigh
from cutout.limits import LimitsSpec
from cutout.pixels.decoding import decoder as decoder_module
from cutout.pixels.decoding.decoder import Decoder, PixelBudget
from cutout.pixels.decoding.order import Order, cpu_s
from cutout.pixels.decoding.permitted import Sent
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.decoding.server import _bound
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Size
from tests.pictures.colours import cicp
from tests.pictures.files import END, SIGNATURE, chunk, png
from tests.pictures.tables import FILES
from tests.support.patience import HANG_S

HEIC = Path(__file__).parents[3] / "pictures" / "heic"
PHOTO = (Path(__file__).parents[3] / "photos" / "chelsea.jpg").read_bytes()
SLOW = png([np.random.default_rng(row).bytes(3 * 2000) for row in range(2000)], 2000, before=cicp(9, 18))
"""4 megapixels of a high dynamic range, each of another colour: the slowest of their size."""


def server_pid() -> int:
    decoder_module._SERVER.start()
    process = decoder_module._SERVER._process
    assert process
    return process.pid


def killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def children() -> list[int]:
    """The processes that decode, and the one that waits for the next picture."""
    pid = server_pid()
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def signalling(pid: int) -> list[str]:
    """What may send a process a signal: its files with O_ASYNC; nothing once it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        files = {fd.name: int(fd.read_text().split()[3], 8) for fd in Path(f"/proc/{pid}/fdinfo").iterdir()}
        return [os.readlink(f"/proc/{pid}/fd/{name}") for name, flags in files.items() if flags & os.O_ASYNC]
    return []


def forks() -> list[int]:
    """The processes that decode now: those that end with their caller's interest."""
    return [pid for pid in children() if signalling(pid)]


def test_the_process_loads_little() -> None:
    """Of other packages Pillow, pi-heif and numpy: whatever else it loaded, a picture after a start would wait for."""
    program = (
        "import sys; before = {*sys.modules}; import cutout.pixels.decoding.server; print(*{*sys.modules} - before)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=HANG_S)
    others = {name.partition(".")[0] for name in ran.stdout.split()} - {*sys.stdlib_module_names}

    assert {name.strip("_") for name in others} == {"PIL", "cutout", "numpy", "pi_heif"}


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANG_S):
        while not true():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("name", list(FILES)[::16])
def test_it_is_the_same_picture(name: str) -> None:
    """Pixels, alpha, though it may hide nothing, and resolution come over as they were decoded."""
    here = decode(FILES[name], LimitsSpec())
    there = asyncio.run(Decoder(LimitsSpec()).decode(FILES[name]))

    assert np.array_equal(there.rgb, here.rgb)
    assert (there.alpha is None) == (here.alpha is None)
    assert here.alpha is None or there.alpha is None or np.array_equal(there.alpha, here.alpha)
    assert (there.dpi, there.idle_alpha) == (here.dpi, here.idle_alpha)


@pytest.mark.parametrize(
    ("data", "limits", "error"),
    [
        (b"", LimitsSpec(), InvalidFormat),
        (b"GIF89a", LimitsSpec(), InvalidFormat),
        (PHOTO[:5000], LimitsSpec(), InvalidFormat),
        (PHOTO, LimitsSpec(input_px=100), ResolutionTooHigh),
    ],
)
def test_a_refusal_is_the_same(data: bytes, limits: LimitsSpec, error: type[Exception]) -> None:
    """Type, message and details, with the field's name."""
    with pytest.raises(error) as here:
        decode(data, limits, "background")
    with pytest.raises(error) as there:
        asyncio.run(Decoder(limits).decode(data, "background"))

    assert there.value.args == here.value.args


def test_the_size_is_checked_before_anything_is_decoded() -> None:
    """A header is enough for what cannot be answered: the pixels may be broken, and nobody knows."""
    header = chunk(b"IHDR", struct.pack(">2I5B", 300, 200, 8, 2, 0, 0, 0))
    broken = SIGNATURE + header + chunk(b"IDAT", b"broken") + END
    sizes = []

    def check(size: Size) -> None:
        sizes.append(size)
        raise ResolutionTooHigh("The result would be too large")

    with pytest.raises(ResolutionTooHigh, match="The result"):
        asyncio.run(Decoder(LimitsSpec()).decode(broken, check=check))
    with pytest.raises(InvalidFormat, match="damaged"):
        asyncio.run(Decoder(LimitsSpec()).decode(broken))
    assert sizes == [Size(300, 200)]


def test_a_caller_who_is_gone_ends_it() -> None:
    """Its process ends with the caller's interest, in the middle of its work."""

    async def gone() -> None:
        work = asyncio.create_task(Decoder(LimitsSpec()).decode(SLOW))
        await until(lambda: bool(forks()))
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await until(lambda: not forks())

    asyncio.run(gone())


def test_only_a_pipe_that_nobody_writes_to_ends_it() -> None:
    """On a busy machine a signal of the reply socket could come after GO was read, and end a process in use."""

    async def found() -> list[str]:
        job = asyncio.create_task(Decoder(LimitsSpec()).decode(SLOW))
        await until(lambda: bool(forks()))
        names = signalling(forks()[0])
        job.cancel()
        await asyncio.wait([job])
        await until(lambda: not forks())
        return names

    assert [name.split(":")[0] for name in asyncio.run(found())] == ["pipe"]


def test_megabytes_are_moved_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's bytes on their way to its process, and the pixels on theirs back: a loop has others to serve."""
    threads: list[threading.Thread] = []

    def noted(work: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*given: Any) -> Any:
            threads.append(threading.current_thread())
            return work(*given)

        return noting

    for name in ("fill", "_read"):
        monkeypatch.setattr(decoder_module, name, noted(getattr(decoder_module, name)))

    asyncio.run(Decoder(LimitsSpec()).decode(PHOTO))

    assert len(threads) == 2
    assert threading.main_thread() not in threads


def test_a_process_that_is_ended_is_an_error_of_its_picture() -> None:
    """As the kernel ends one that takes too much time or memory; the next picture is decoded as ever."""

    def end(_: Size) -> None:
        for pid in forks():
            os.kill(pid, signal.SIGXCPU)

    async def ended() -> None:
        decoder = Decoder(LimitsSpec())
        with pytest.raises(InvalidFormat, match="too costly to decode: it takes more than 2 s"):
            await decoder.decode(PHOTO, check=end)
        assert (await decoder.decode(PHOTO)).size == Size(451, 300)

    asyncio.run(ended())


def test_a_process_that_is_killed_while_it_waits_costs_no_picture() -> None:
    """One is forked before its picture comes. When the system ends it, the picture gets another."""

    async def decoded() -> Picture:
        decoder = Decoder(LimitsSpec())
        await decoder.decode(PHOTO)
        await until(lambda: bool(set(children()) - set(forks())))
        for pid in (waiting := children()):
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not set(waiting) & set(children()))
        return await decoder.decode(PHOTO)

    assert asyncio.run(decoded()).size == Size(451, 300)


def test_a_fault_in_a_decoders_own_code_ends_its_picture_alone() -> None:
    """Libheif's binding writes to address 0 for an item whose type is no UTF-8: its process dies, and no other."""
    broken = (HEIC / "turned.heic").read_bytes().replace(b"Exif", b"E\xffif", 1)
    decoder = Decoder(LimitsSpec())

    async def both() -> Picture:
        with pytest.raises(InvalidFormat, match="ends its decoder"):
            await decoder.decode(broken)
        return await decoder.decode(PHOTO)

    assert asyncio.run(both()).size == Size(451, 300)


def test_the_kernel_ends_what_takes_too_much_time() -> None:
    """Processor time is counted by the kernel, whatever a decoder is busy with."""
    if (pid := os.fork()) == 0:
        _bound(1, 1 << 30)
        while True:
            pass

    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGXCPU


def test_a_server_that_is_gone_is_started_anew() -> None:
    """Killed by whomever, it costs the next picture the start of another."""

    async def anew() -> None:
        decoder = Decoder(LimitsSpec())
        await decoder.decode(PHOTO)
        first = server_pid()
        killed(first)
        assert (await decoder.decode(PHOTO)).size == Size(451, 300)
        assert server_pid() != first

    asyncio.run(anew())


def test_a_server_that_is_gone_is_noticed_while_its_socket_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork that has not closed it yet keeps it open: no order is sent there, where nobody reads it."""
    ends, pair = list[socket.socket](), socket.socketpair

    def kept(*kind: Any) -> tuple[socket.socket, socket.socket]:
        ours, theirs = pair(*kind)
        ends.append(theirs.dup())
        return ours, theirs

    with monkeypatch.context() as patched:
        patched.setattr(socket, "socketpair", kept)
        decoder_module._SERVER._started()
    killed(server_pid())

    assert asyncio.run(Decoder(LimitsSpec()).decode(PHOTO)).size == Size(451, 300)
    for end in ends:
        end.close()


def test_time_is_a_share_of_the_largest_pictures() -> None:
    """`decode_s` is for `input_px`; nobody has less than 2 s, and a file of 64 KiB or less has no more."""
    limits = LimitsSpec(decode_s=30, input_px=100_000_000)

    assert [cpu_s(limits, Size(side, side), 65_537) for side in (1, 1000, 5000, 10_000)] == [2, 2, 8, 30]
    assert [cpu_s(limits, Size(side, side), 65_536) for side in (1, 10_000)] == [2, 2]
    assert Order.of(Order(limits, "image").packed()) == Order(Sent.of(limits), "image")


def test_the_environment_of_the_server_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hostile bytes are read where no key is."""
    asyncio.run(Decoder(LimitsSpec()).decode(PHOTO))

    names = {entry.split(b"=")[0] for entry in Path(f"/proc/{server_pid()}/environ").read_bytes().split(b"\0") if entry}

    assert names == {b"PYTHONPATH", b"OPENBLAS_NUM_THREADS", b"GLIBC_TUNABLES"}


async def held(budget: PixelBudget, pixels: int, most: list[int], end: Callable[[], Awaitable[None]]) -> None:
    async with budget.for_pixels(pixels):
        most.append(pixels)
        await end()
        most.remove(pixels)


def test_so_many_pixels_at_a_time() -> None:
    """Never more than there is room for, in the order of coming; a larger picture has it alone."""

    async def work() -> list[list[int]]:
        budget, now, seen = PixelBudget(100), list[int](), list[list[int]]()

        async def step() -> None:
            seen.append(list(now))
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        await asyncio.gather(*(held(budget, pixels, now, step) for pixels in (40, 60, 1, 1000, 50, 50, 10)))
        assert not now
        return seen

    for now in asyncio.run(work()):
        assert sum(now) <= 100 or now == [1000]


def test_who_does_not_wait_any_more_takes_no_room() -> None:
    """Cancelled while waiting, while admitted, or at the head of the queue: all room is there in the end."""

    async def work() -> None:
        budget, now, stop = PixelBudget(10), list[int](), asyncio.Event()
        tasks = [asyncio.create_task(held(budget, 10, now, stop.wait)) for _ in range(5)]  # type: ignore[arg-type]
        await until(lambda: bool(now))
        for index in (1, 3, 0, 2, 4):
            tasks[index].cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(HANG_S), budget.for_pixels(10):
            pass

    asyncio.run(work())


def test_a_decoder_that_is_not_asked_takes_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replica whose pictures are decoded elsewhere has none; the ingress starts it before the first picture."""
    server = decoder_module._Server()
    monkeypatch.setattr(decoder_module, "_SERVER", server)
    decoder = Decoder(LimitsSpec())
    assert server._process is None

    decoder.start()

    assert server._process
    assert server._control
    server._control.close()
    assert server._process.wait(HANG_S) == 0
