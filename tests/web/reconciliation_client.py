"""A client of the Reconciliation Service API that does what OpenRefine does with a column: it reads
the manifest, sends names in batches, chooses matches, and fetches columns for them.

It knows the service by its manifest alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

TIMES = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


@dataclass(frozen=True)
class ReconciliationClient:
    """A service at an endpoint, and what its manifest says."""

    http: httpx.Client
    endpoint: str
    manifest: Mapping[str, Any]

    @staticmethod
    def of(http: httpx.Client, endpoint: str) -> "ReconciliationClient":
        manifest = http.get(endpoint).json()
        assert "0.2" in manifest["versions"]
        return ReconciliationClient(http, endpoint, manifest)

    def queries(self, batch: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """The candidates of each query of a batch."""
        answer = self.http.post(self.endpoint, data={"queries": json.dumps(batch)})
        assert answer.status_code == 200, answer.text
        results = answer.json()
        assert results.keys() == batch.keys()
        return {key: results[key]["result"] for key in batch}

    def column(self, names: Sequence[str], **members: object) -> list[dict[str, Any] | None]:
        """The match of each name; None where there is none that is certain."""
        found: list[dict[str, Any] | None] = []
        for start in range(0, len(names), self.manifest["batchSize"]):
            part = names[start : start + self.manifest["batchSize"]]
            batch = {f"q{n}": {"query": name, **members} for n, name in enumerate(part)}
            found += [
                next((each for each in candidates if each["match"]), None)
                for candidates in self.queries(batch).values()
            ]
        return found

    def suggest(self, kind: str, prefix: str) -> list[dict[str, Any]]:
        """What the prefix may begin."""
        place = self.manifest["suggest"][kind]
        url = place["service_url"] + place["service_path"]
        answer = self.http.get(url, params={"prefix": prefix})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["result"])

    def proposed(self, type_: str) -> list[dict[str, Any]]:
        """The properties that things of the type have."""
        place = self.manifest["extend"]["propose_properties"]
        url = place["service_url"] + place["service_path"]
        return list(self.http.get(url, params={"type": type_}).json()["properties"])

    def extend(self, ids: Sequence[str], properties: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The columns of the properties for the things."""
        request = {"ids": list(ids), "properties": list(properties)}
        answer = self.http.post(self.endpoint, data={"extend": json.dumps(request)})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def preview(self, identifier: str) -> httpx.Response:
        """The page that is shown in a frame."""
        return self.http.get(self._of("preview", identifier))

    def view(self, identifier: str) -> httpx.Response:
        """The page of the thing."""
        return self.http.get(self._of("view", identifier), follow_redirects=True)

    def _of(self, name: str, identifier: str) -> str:
        url: str = self.manifest[name]["url"]
        return url.replace("{{id}}", quote(identifier, safe=""))


def cells(extension: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All cells of an extension."""
    for row in extension["rows"].values():
        for column in row.values():
            yield from column
