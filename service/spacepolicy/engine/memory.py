"""How much memory the processes of an engine use, and how a worker gets its own copy of it.

Spec: https://www.kernel.org/doc/html/latest/filesystems/proc.html (smaps_rollup, statm),
https://man7.org/linux/man-pages/man2/madvise.2.html (MADV_POPULATE_WRITE, MADV_COLLAPSE)
"""

import ctypes
import os
import re
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, final

_FIELD: Final = re.compile(rb"^(Pss|Private_Dirty|SwapPss):\s+(\d+) kB", re.MULTILINE)
_ROLLUP_BYTES: Final = 1 << 13
"""The file has some 30 short lines, about 1 KiB; one read takes all of it."""
_LOOK_PAGES: Final = (16 << 20) // resource.getpagesize()
"""A worker measures itself after it has touched so much more memory: measuring takes 1 ms with a
million statements in memory and 5 ms with five, touching so much takes 10 ms."""
_SHARE: Final = 0.75
"""The part of a machine's memory that the engine has by default: the front, the writer and the
system's cache of files have the rest."""
_HUGE_BYTES: Final = 2 << 20
"""The size of a huge page, of which one is copied at once, which takes 1 ms, or gathered, which
takes 0.5 to 6; a query that comes meanwhile waits for that."""
_MADV_POPULATE_WRITE: Final = 23
_MADV_COLLAPSE: Final = 25
"""Of Linux 5.14 and 6.1, <asm-generic/mman-common.h>; Python has no name for them."""
_PRIVATE: Final = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) rw-p [0-9a-f]+ 00:00 0 +(?:\[heap\])?$", re.MULTILINE
)
"""A mapping of memory that is private to this process and not of a file."""
_CONTROL_GROUP: Final = Path("/sys/fs/cgroup/memory.max")


def default_budget_bytes() -> int:
    """Three quarters of the memory of this machine, or of the control group's limit."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = _CONTROL_GROUP.read_text(encoding="ascii").strip()
    except OSError:
        limit = "max"
    return int(_SHARE * min(total, int(limit) if limit.isdigit() else total))


def give_back_freed_memory() -> None:
    """Return freed memory that the C library keeps to the system, where the library is glibc.

    After an import of a million statements the writer held 485 MB, and 125 MB after this.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def proportional_bytes(process: int) -> int:
    """The memory of the process, with its share of shared pages (PSS); 0 where it has ended."""
    try:
        rollup = _fields(Path(f"/proc/{process}/smaps_rollup").read_bytes())
    except OSError:
        return 0
    return rollup.get(b"Pss", 0) + rollup.get(b"SwapPss", 0)


def resident_bytes(process: int) -> int:
    """The resident memory of the process, shared pages included; 0 where it has ended."""
    try:
        statm = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(statm[1]) * resource.getpagesize()


def tree_bytes(process: int) -> int:
    """The memory of the process and those it has forked together, shared pages counted once."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:
        return 0
    return sum(map(proportional_bytes, (process, *map(int, children.split()))))


@final
class OwnMemory:
    """The private memory of this process: pages that it was forked with count once it has written
    to them. It can be measured where no file can be opened any more."""

    def __init__(self, allowance_bytes: int) -> None:
        self._allowance = allowance_bytes
        self._touched = _touched_pages()
        try:
            self._rollup = os.open("/proc/self/smaps_rollup", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # kernels before 4.14, and some that only look like Linux
            self._rollup = -1

    def overgrown(self) -> bool:
        """Whether it exceeds its allowance, and cannot give enough of it back."""
        touched = _touched_pages()
        if touched - self._touched < _LOOK_PAGES:
            return False
        self._touched = touched
        if self._private_bytes() <= self._allowance:
            return False
        give_back_freed_memory()
        return self._private_bytes() > self._allowance

    def _private_bytes(self) -> int:
        if self._rollup < 0:
            return self._touched * resource.getpagesize()
        return _fields(os.pread(self._rollup, _ROLLUP_BYTES, 0)).get(b"Private_Dirty", 0)


def gather_into_huge_pages() -> None:
    """Move the memory of this process into huge pages, where the kernel has them: 0.1 to 1 s for a
    million statements (380 MiB), of which a fork takes 9 ms before and 1.3 after."""
    library = ctypes.CDLL(None)
    for low, high in _private_mappings():
        for start, end in _pieces(low, high):
            _advise(library, start, end, _MADV_COLLAPSE)


def _private_mappings() -> list[tuple[int, int]]:
    """The address ranges of this process's own memory."""
    maps = Path("/proc/self/maps").read_text(encoding="ascii", errors="replace")
    return [(int(low, 16), int(high, 16)) for low, high in _PRIVATE.findall(maps)]


def _pieces(low: int, high: int) -> Iterator[tuple[int, int]]:
    """The range in pieces, each within one huge page."""
    while low < high:
        end = min(high, low // _HUGE_BYTES * _HUGE_BYTES + _HUGE_BYTES)
        yield low, end
        low = end


def _advise(library: ctypes.CDLL, start: int, end: int, advice: int) -> bool:
    """Advise the kernel about a range; return whether it could follow."""
    address, size = ctypes.c_void_p(start), ctypes.c_size_t(end - start)
    return bool(library.madvise(address, size, advice) == 0)


@final
class OwnCopy:
    """A copy of the pages that this process shares with the one it was forked from, made by the
    kernel piece by piece, in huge pages where it has them.

    Reading a dataset writes to it, since its nodes count their references, so that each page is
    copied when it is first touched. That takes 12 to 25 µs a page, 2.7 s for a million statements
    (382 MiB); copying them beforehand takes 0.24 s. After that they are gathered into huge pages,
    in which the processor finds an address sooner: queries over a million statements take a fifth
    less (a top-k 7.6 ms and not 9.4, a star 63 µs and not 77). This takes 0.1 s, and 1 s in a
    virtual machine that gets the memory from its host only then.
    """

    def __init__(self, allowance_bytes: int) -> None:
        found = _private_mappings()
        fits = sum(high - low for low, high in found) <= allowance_bytes
        ranges = found if fits else ()
        self._shared = [piece for low, high in ranges for piece in _pieces(low, high)]
        self._scattered = self._shared.copy()
        self._library = ctypes.CDLL(None)

    @property
    def whole(self) -> bool:
        """Whether nothing is left to be copied, or that is not possible."""
        return not self._shared

    @property
    def done(self) -> bool:
        """Whether there is nothing more to do for it."""
        return not self._scattered

    def copy_a_piece(self) -> None:
        """Copy the next piece, or gather one; kernels before 5.14 cannot, and leave copies to the
        queries, and those before 6.1 leave pages as they are."""
        if self._shared:
            if not _advise(self._library, *self._shared.pop(), _MADV_POPULATE_WRITE):
                self._shared.clear()
                self._scattered.clear()
        elif self._scattered:
            _advise(self._library, *self._scattered.pop(), _MADV_COLLAPSE)


def _touched_pages() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def _fields(rollup: bytes) -> dict[bytes, int]:
    """The fields of a roll-up that are looked at, in bytes."""
    return {name: int(number) << 10 for name, number in _FIELD.findall(rollup)}
