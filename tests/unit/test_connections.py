"""Of too many connections, those go that have least to lose."""

import asyncio
import math
import resource
from dataclasses import dataclass

import pytest

from spacepolicy.http.connections import ConnectionLimits, Connections, most_connections


@dataclass(eq=False)
class Held:
    """A connection of a name, with what it has to lose."""

    name: str
    rank: float
    since: float = 0.0
    address: str | None = None
    until: float = math.inf
    expired: bool = False
    aborted: bool = False

    def standing(self) -> tuple[float, float]:
        return (self.rank, self.since)

    def expire(self) -> None:
        self.expired = True

    def look(self, now: float) -> None:
        del now

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def connections(limit: int, from_one: int = 100) -> Connections:
    return Connections(ConnectionLimits(limit, from_one), asyncio.get_running_loop().time)


@pytest.mark.anyio
async def test_the_longest_idle_goes_first_and_one_that_is_answered_never() -> None:
    held = [Held("answered", math.inf), Held("half", 2), Held("new", 1, 5), Held("old", 1, 3)]
    all_of_them = connections(4)
    for each in held:
        assert all_of_them.add(each) is None
    gone = []
    for _ in range(3):
        assert all_of_them.add(Held("busy", math.inf)) is None
        gone += [each.name for each in held if each.aborted and each.name not in gone]
    assert gone == ["old", "new", "half"]
    refused = all_of_them.add(Held("late", 1))
    assert refused is not None
    assert refused.status == 503
    assert len(all_of_them) == 4


@pytest.mark.anyio
async def test_an_address_that_has_its_share_loses_its_own() -> None:
    other, mine = Held("other", 1, address="b"), Held("mine", 1, 9, address="a")
    all_of_them = connections(100, from_one=2)
    for each in (other, mine, Held("busy", math.inf, address="a")):
        assert all_of_them.add(each) is None
    assert all_of_them.add(Held("busy", math.inf, address="a")) is None
    assert (mine.aborted, other.aborted) == (True, False)
    refused = all_of_them.add(Held("late", 1, address="a"))
    assert refused is not None
    assert refused.status == 429
    assert all_of_them.add(Held("proxied", 1)) is None


@pytest.mark.anyio
async def test_what_has_closed_is_not_counted() -> None:
    all_of_them = connections(1, from_one=1)
    first = Held("first", math.inf, address="a")
    assert all_of_them.add(first) is None
    all_of_them.remove(first)
    all_of_them.remove(first)
    assert all_of_them.add(Held("second", math.inf, address="a")) is None
    assert not first.aborted


@pytest.mark.anyio
async def test_what_is_late_expires() -> None:
    late, early = Held("late", 1, until=0.0), Held("early", 1)
    all_of_them = connections(2)
    all_of_them.add(early)
    all_of_them.add(late)
    await asyncio.sleep(0.4)
    assert (late.expired, early.expired) == (True, False)
    all_of_them.remove(late)
    all_of_them.remove(early)


def test_there_are_no_more_connections_than_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
        assert most_connections(1024, 16) == 104
        assert most_connections(50, 16) == 50
        assert most_connections(1024, 1000) == 16
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
