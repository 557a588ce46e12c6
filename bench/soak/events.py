"""What is done to the service: kills, a full disk, a backup and a restore elsewhere."""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.servers import program
from bench.soak.clients import Work
from bench.soak.instance import Instance, NoAnswerError, kill
from bench.soak.slots import QUERY, missing, numbers

RECOVERY_SECONDS: Final = 30.0
"""A kill may cost so much. On an idle machine the service is back within 3 s (`bench.kills`); here
clients keep two processors busy: 4 s in the middle, and 10 s at load 8."""
_LEFT_FREE: Final = 64 << 10
_PIECE: Final = 16 << 20
_LOOK_SECONDS: Final = 0.05
_PATIENCE_SECONDS: Final = 120.0
REFUSED: Final = (500, 503, 507)


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path | None]:
    """A file system of its own for the store; None where this user may mount none."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)]
    may = os.geteuid() == 0 and shutil.which("mount") is not None
    if not may or subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S603, S607


def killed(work: Work, kind: str) -> float | None:
    """Kill a process of the kind; the seconds until reads and writes are answered again, None where
    there is no such process."""
    victims = work.instance.victims(kind)
    if not victims:
        return None
    with work.journal.disturbance(f"{kind} killed"):
        began = time.monotonic()
        kill(victims)
        if kind == "front" and work.instance.process is not None:
            work.instance.process.wait()
            work.instance.start()
        _answers_again(work)
        taken = time.monotonic() - began
    if taken > RECOVERY_SECONDS:
        work.journal.miss(f"{kind} killed: all was answered again only after {taken:.1f} s")
    return taken


def _answers_again(work: Work) -> None:
    """Wait until a read and a write are answered.

    Raises: RuntimeError where they are not.
    """
    stop = time.monotonic() + _PATIENCE_SECONDS
    slot = "probe"
    while time.monotonic() < stop:
        number, text = work.slots.take(slot)
        try:
            if work.instance.update(text)[0] in (200, 204):
                work.slots.acknowledge(slot, number)
                if work.instance.query("ASK {}")[0] == 200:
                    return
        except NoAnswerError:
            pass
        time.sleep(_LOOK_SECONDS)
    raise RuntimeError("the service does not read and write again")


def full_disk(work: Work, disk: Path, seconds: float) -> tuple[int, int, float]:
    """Fill the disk for a while: how many writes were refused, how many reads answered, and the
    seconds until a write was acknowledged once there was space."""
    filler, refused, read = disk / "filler", 0, 0
    with work.journal.disturbance("disk full"):
        stop = time.monotonic() + seconds
        while time.monotonic() < stop:
            _fill(filler, disk)
            number, text = work.slots.take("full")
            status, body = work.instance.update(text)
            if status in (200, 204):
                work.slots.acknowledge("full", number)
            elif status in REFUSED:
                refused += 1
            else:
                work.journal.fault(f"disk full: a write was {status}: {body[:200]!r}")
            status, body = work.instance.query(QUERY, format="csv")
            if status == 200:
                read += 1
            else:
                work.journal.fault(f"disk full: a read was {status}: {body[:200]!r}")
            time.sleep(0.2)
        filler.unlink()
        began = time.monotonic()
        _answers_again(work)
        taken = time.monotonic() - began
    if not refused:
        work.journal.fault("disk full: no write was refused, so that the disk was not full")
    return refused, read, taken


def _fill(filler: Path, disk: Path) -> None:
    """Take what is free, but for a little."""
    with filler.open("ab") as file, _until_full():
        while (free := shutil.disk_usage(disk).free - _LEFT_FREE) > 0:
            file.write(bytes(min(free, _PIECE)))
            file.flush()


@contextmanager
def _until_full() -> Iterator[None]:
    """Go on where the disk became full under the write."""
    try:
        yield
    except OSError:
        return


def backup_and_restore(work: Work, folder: Path, options: tuple[str, ...]) -> str:
    """Back up the store while it is served, restore it elsewhere, ask there; what came of it."""
    backup, elsewhere = folder / "backup", folder / "elsewhere"
    least = work.slots.least()
    began = time.monotonic()
    command("backup", "--store", str(work.instance.store), str(backup))
    copied = time.monotonic() - began
    most = work.slots.most()
    command("restore", "--store", str(elsewhere), str(backup))
    other = Instance(elsewhere, folder / "elsewhere.log", "", options)
    try:
        other.start()
        found, wrong = numbers(other.query(QUERY, format="csv")[1])
    finally:
        other.end()
    for each in wrong + missing(found, least, most):
        work.journal.fault(f"restored elsewhere: {each}")
    shutil.rmtree(backup)
    shutil.rmtree(elsewhere)
    return f"{copied:.1f} s; {len(found)} slots there, each between what was known before and after"


def command(*arguments: str) -> str:
    """What a command of this project prints.

    Raises: RuntimeError with what it says where it fails.
    """
    ended = subprocess.run(  # noqa: S603 # this project's own program
        [program(), *arguments], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RuntimeError(
            f"{' '.join(arguments)}: {(ended.stdout + ended.stderr).strip()[-2000:]}"
        )
    return ended.stdout


def doctor_on(store: Path) -> str:
    """What `doctor --deep` says of the store; what it says of the machine is another matter."""
    asked = [program(), "doctor", "--deep", "--store", str(store)]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    lines = [line for line in ended.stdout.splitlines() if line.split()[1:2] == ["store"]]
    return lines[0] if lines else f"nothing: {ended.stderr.strip()[-500:]}"


def order_of_kills(chance: random.Random) -> Iterator[str]:
    """Kinds of processes, each as often as the others."""
    kinds = ["writer", "server", "worker"]
    while True:
        chance.shuffle(kinds)
        yield from kinds
