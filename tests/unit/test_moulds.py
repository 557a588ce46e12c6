"""A mould is kept with what is known of it, until there is another revision."""

from urllib.parse import quote

from starlette.types import Scope

from spacepolicy.commands.moulds import Moulds
from spacepolicy.engine.likeness import likeness
from spacepolicy.web.answering.begun import Alike, Begun, Hearer
from spacepolicy.web.notes import notes


def look_up(number: int) -> bytes:
    query = quote(f"ASK {{ ?s ?p {number} }}")
    return f"GET /sparql?query={query} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


class Kept:
    """How to ask queries alike, which counts how often it is asked."""

    likeness = likeness("ASK { ?s ?p 1 }") or ""

    def __init__(self) -> None:
        self.asked = 0
        self.older: Alike | None = None

    def expect_as(self, other: Alike) -> None:
        self.older = other

    def begin(self, text: str, hearer: Hearer) -> None:
        del text, hearer
        self.asked += 1

    def fields(self, text: str, size: int) -> bytes | None:
        raise AssertionError((text, size))


class Nobody:
    """Whoever has sent a request, and hears nothing."""

    def date(self) -> bytes:
        return b""

    def answered(self, answer: bytes) -> None:
        raise AssertionError(answer)

    def unanswered(self, begun: Begun | None) -> None:
        raise AssertionError(begun)


def test_a_mould_is_kept_for_its_revision() -> None:
    in_force = [1]
    moulds, first, second, newer = Moulds(lambda: in_force[0]), Kept(), Kept(), Kept()
    for turn, (revision, alike) in enumerate([(1, first), (1, second), (2, newer)]):
        in_force[0] = revision
        scope: Scope = {}
        sheet = notes(scope)
        sheet.kind, sheet.status, sheet.alike = "solutions", 200, alike
        answer = b"HTTP/1.1 200 OK\r\nx-dataset-revision: %d\r\n\r\n" % revision
        moulds.keep(None, look_up(0), scope, answer)
        moulds.begin(None, look_up(turn + 1), Nobody())
    assert [each.asked for each in (first, second, newer)] == [2, 0, 1]
    assert [each.older for each in (first, second, newer)] == [None, None, first]
