"""A site that takes writes, as tests ask it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from pyoxigraph import RdfFormat, parse

from spacepolicy.access_tokens import AccessScope, add_token

from .writers import MemoryWriter

UPDATE = "application/sparql-update"
FORM = "application/x-www-form-urlencoded"
INSERT = "INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> %s } }"
TURTLE = {"Content-Type": "text/turtle"}
LIMIT = 1 << 16
Body = str | bytes | None


@dataclass
class Writing:
    """A site that takes writes, and the writer behind it."""

    client: httpx.Client
    writer: MemoryWriter
    file: Path
    token: str
    names: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    def graph(self) -> str:
        """The IRI of a graph of which nothing is known yet."""
        return f"urn:graph:{next(self.names)}"

    def bearing(self, scope: AccessScope, *graphs: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {add_token(self.file, scope, graphs)}"}

    def send(
        self, method: str, target: str, content: Body = None, **headers: str
    ) -> httpx.Response:
        """A request of one who may write."""
        fields = {"Authorization": f"Bearer {self.token}"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, target, content=content, headers=fields)

    def put(self, graph: str, turtle: str, **headers: str) -> httpx.Response:
        return self.send("PUT", f"/graphs?graph={graph}", turtle, Content_Type="text/turtle",
                         **headers)  # fmt: skip

    def update(self, text: str, query: str = "", **headers: str) -> httpx.Response:
        return self.send("POST", f"/sparql{query}", text, Content_Type=UPDATE, **headers)

    def values(self, graph: str, query: str = "") -> set[str]:
        """The objects of the graph's statements."""
        answer = self.client.get(f"/graphs?graph={graph}&format=nt{query}")
        assert answer.status_code in (200, 404), answer.text
        return {str(quad.object) for quad in parse(answer.content, format=RdfFormat.N_TRIPLES)} if (
            answer.status_code == 200) else set()  # fmt: skip


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]
