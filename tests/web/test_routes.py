"""The table of routes: what a row says holds for what is answered."""

from collections.abc import Iterator
from typing import Any

import httpx

from spacepolicy.web.routes import Route, rules_of

NOT_REPRESENTED = {"text/event-stream"}
"""A stream without an end."""
OF_PARAMETERS = ("/search", "/suggest", "/explain", "/graphs", "/sparql")
"""Paths whose answers are others without their parameters."""


def nothing() -> None: ...


def asked_alone(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Paths that need no parameter, with each media type that they offer."""
    for path, operations in document["paths"].items():
        operation = operations.get("get", {"parameters": [{"required": True}]})
        needs = any(each.get("required") for each in operation.get("parameters", ()))
        if not needs and "{" not in path and path not in OF_PARAMETERS:
            for media_type in operation["responses"]["200"]["content"].keys() - NOT_REPRESENTED:
                yield path, media_type


def test_a_path_answers_in_each_format_that_it_offers(shipped: httpx.Client) -> None:
    described = shipped.get("/openapi.json").json()
    pairs = [each for each in asked_alone(described) if not each[0].startswith("/queries/")]
    assert len(pairs) > 20
    for path, media_type in pairs:
        answer = shipped.get(path, headers={"Accept": media_type})
        assert answer.status_code == 200, (path, media_type)
        assert answer.headers["content-type"].partition(";")[0] == media_type, path


def test_rules_follow_from_the_rows() -> None:
    rules = rules_of(
        (
            Route("/open/{name}", nothing, is_open=True, of_revision=False),
            Route("/found", nothing, is_linked=False),
        ),
        unlinked=("/asked",),
    )

    def scope(path: str, method: str = "GET") -> dict[str, str]:
        return {"method": method, "path": path}

    assert rules.is_open(scope("/open/a"))
    assert not rules.is_open(scope("/found"))
    assert rules.is_open(scope("/found", "OPTIONS"))
    assert not rules.is_of_revision(scope("/open/a"))
    assert rules.is_of_revision(scope("/found"))
    assert not rules.is_linked(scope("/found"))
    assert not rules.is_linked(scope("/asked"))
    assert rules.is_linked(scope("/open/a"))
