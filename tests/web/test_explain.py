"""Explanations over HTTP: the proof of a statement, down to the words that say it."""

import re
from dataclasses import replace
from typing import Any

import httpx
import pytest

from spacepolicy.errors import BadParameterError
from spacepolicy.proofs.proof_pool import ProofPool
from spacepolicy.web.proof_svg import DrawnStep, proof_drawing
from spacepolicy.web.service import Service

from .conftest import SHIPPED_BASE, serve

TASK = "id/policy/shanghai-2022-spatial-information/task/2"
ROCKET = "id/technology/reusable-rocket"
INFERRED = {"s": f"<{TASK}>", "p": ":concerns", "o": f"<{ROCKET}>"}
STATED = {"s": f"<{TASK}/measure/1>", "p": ":develops", "o": f"{SHIPPED_BASE}{ROCKET}"}
PAGE = {"Accept": "text/html"}


def proof(site: httpx.Client, **terms: str) -> dict[str, Any]:
    answer = site.get("/explain", params=terms)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_proof_leads_from_what_is_inferred_to_the_words(shipped: httpx.Client) -> None:
    found = proof(shipped, **INFERRED)
    assert found["statement"]["subject"] == {"type": "uri", "value": SHIPPED_BASE + TASK}
    steps = {step["step"]: step for step in found["steps"]}
    conclusion = steps[max(steps)]
    assert conclusion["statement"] == found["statement"]
    assert conclusion["rule"]
    assert conclusion["axiom"]["text"]
    assert all(number in steps for number in conclusion["premises"])
    words = [o.get("exact") for s in steps.values() for o in s.get("stated", ())]
    assert "develop reusable rockets" in words


def test_what_is_stated_is_explained_by_its_passage(shipped: httpx.Client) -> None:
    (step,) = proof(shipped, **STATED)["steps"]
    (stated,) = step["stated"]
    assert stated["graph"] == f"{SHIPPED_BASE}source/shanghai-2022-opinions#char=1510,1534"
    assert (stated["start"], stated["end"]) == (1510, 1534)


def test_the_page_links_rule_axiom_premises_and_the_quoted_words(shipped: httpx.Client) -> None:
    page = shipped.get("/explain", params=INFERRED, headers=PAGE).text
    assert re.search(r'<q><a href="[^"]*#char=1510,1534">develop reusable rockets</a></q>', page)
    assert "/source/shanghai-2022-opinions#char=1510,1534" in page
    assert "axiom:" in page
    assert 'href="#step-1"' in page
    assert 'id="step-1"' in page
    assert ">reusable rocket</a>" in page
    form = shipped.get("/explain", headers=PAGE)
    assert (form.status_code, "<form" in form.text) == (200, True)


def test_an_explanation_is_tagged_and_not_made_again(shipped: httpx.Client) -> None:
    first = shipped.get("/explain", params=INFERRED)
    again = shipped.get(
        "/explain", params=INFERRED, headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert shipped.get("/explain", params=STATED).headers["etag"] != first.headers["etag"]


def test_what_does_not_hold_is_not_found_and_tells_what_is_near(shipped: httpx.Client) -> None:
    answer = shipped.get("/explain", params={**INFERRED, "o": "<id/technology/nothing>"})
    assert answer.status_code == 404
    near = [each["statement"] for each in answer.json()["near"]]
    assert near
    assert all(each.startswith(f"<{SHIPPED_BASE}{TASK}> ") for each in near)
    assert any(f"<{SHIPPED_BASE}def/concerns>" in each for each in near)
    unknown = shipped.get("/explain", params={**INFERRED, "s": "<id/technology/reusable-rockets>"})
    assert unknown.status_code == 404
    assert any(near["iri"] == SHIPPED_BASE + ROCKET for near in unknown.json()["near"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"s": ""},
        {"s": "nonsense"},
        {"s": '"a literal"'},
        {"p": '"a"@en'},
        {"o": "[ :p :o ]"},
        {"o": "( 1 2 )"},
        {"o": "<x> . <urn:s> <urn:p> <y>"},
        {"s": ":a> <urn:p> <b"},
        {"o": "(" * 2000},
        {"o": "<a\u0000b>"},
        {"o": "'''" + "x" * 500},
        {"o": "} INSERT DATA { <a> <b> <c> }"},
    ],
    ids=lambda wrong: str(wrong)[:30],
)
def test_what_is_no_statement_is_refused(shipped: httpx.Client, wrong: dict[str, str]) -> None:
    answer = shipped.get("/explain", params={**INFERRED, **wrong})
    assert (answer.status_code, answer.json()["title"]) == (400, BadParameterError.title), wrong


def test_a_part_that_is_missing_or_twice_is_refused(shipped: httpx.Client) -> None:
    assert shipped.get("/explain").status_code == 400
    assert shipped.get("/explain", params={"s": "a", "p": "a"}).status_code == 400
    twice = {**INFERRED, "s": ["a", "a"]}
    assert shipped.get("/explain", params=twice).status_code == 400


def test_a_search_beyond_its_time_is_stopped(shipped_service: Service) -> None:
    explainers = ProofPool(memory_bytes=256 << 20)
    try:
        hurried = replace(shipped_service, timeout_seconds=0.01, explanations=explainers)
        with serve(hurried) as site:
            answer = site.client.get("/explain", params=INFERRED)
            assert answer.status_code == 504
            assert explainers.processes == ()
    finally:
        explainers.close()


def test_where_nothing_is_inferred_nothing_is_explained(site: httpx.Client) -> None:
    answer = site.get("/explain", params={"s": "<a>", "p": "a", "o": "<b>"})
    assert answer.status_code == 404


def test_a_thing_that_is_known_is_never_called_unknown(shipped: httpx.Client) -> None:
    far = {**INFERRED, "s": "<id/region/china>", "p": ":concerns", "o": "<id/technology/nothing>"}
    answer = shipped.get("/explain", params=far)
    assert answer.status_code == 404
    assert "neither stated nor inferred" in answer.json()["detail"]
    assert "Nothing is known" not in answer.json()["detail"]


def test_the_page_of_what_does_not_hold_leads_to_what_is_near(shipped: httpx.Client) -> None:
    wrong = {**INFERRED, "o": "<id/technology/nothing>"}
    page = shipped.get("/explain", params=wrong, headers={"Accept": "text/html"})
    assert page.status_code == 404
    for near in shipped.get("/explain", params=wrong).json()["near"]:
        assert near["explanation"].replace("&", "&amp;") in page.text
        assert shipped.get(near["explanation"]).status_code == 200


def test_the_page_says_in_a_sentence_why_and_begins_with_the_words(shipped: httpx.Client) -> None:
    page = shipped.get("/explain", params=INFERRED, headers=PAGE).text
    found = proof(shipped, **INFERRED)
    stated = [step for step in found["steps"] if "rule" not in step]
    steps = len(found["steps"]) - len(stated)
    assert f"It follows in {steps} steps from {len(stated)} stated statements." in page
    first = page[page.index('<p class="lead">') : page.index("<h2>")]
    assert "develop reusable rockets</a></q></blockquote>" in first
    alone = shipped.get("/explain", params=STATED, headers=PAGE).text
    assert "It is stated." in alone
    assert "How it follows" not in alone
    assert (
        "推导过程" in shipped.get("/explain", params={**INFERRED, "lang": "zh"}, headers=PAGE).text
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [("Actor", "is an actor"), ("GovernmentOrganisation", "is a government organ")],
)
def test_a_sentence_has_the_article_of_its_kind(
    shipped: httpx.Client, kind: str, said: str
) -> None:
    asked = {"s": "<id/actor/shanghai-municipal-peoples-government>", "p": "rdf:type"}
    page = shipped.get("/explain", params={**asked, "o": f":{kind}"}, headers=PAGE).text
    lead = page[page.index('<p class="lead">') :].partition("</p>")[0]
    assert said in " ".join(re.sub(r"<[^>]*>", "", lead).split())


def test_the_drawing_has_each_step_whole_and_a_line_from_each_premise(
    shipped: httpx.Client,
) -> None:
    page = shipped.get("/explain", params=INFERRED, headers=PAGE).text
    steps = proof(shipped, **INFERRED)["steps"]
    (drawing,) = re.findall(r'<svg class="drawing proof".*?</svg>', page, re.DOTALL)
    for step in steps:
        assert f'<a href="#step-{step["step"]}" tabindex="-1"><title>{step["step"]}. ' in drawing
        assert f'id="step-{step["step"]}"' in page
    assert drawing.count('class="edge"') == sum(len(step.get("premises", ())) for step in steps)
    assert drawing.count('class="stated"') == sum("rule" not in step for step in steps)


def test_a_drawing_leaves_out_what_does_not_fit_and_says_how_much() -> None:
    def step(number: int, *premises: int) -> DrawnStep:
        rule = "r" if premises else None
        return DrawnStep(number, ("a" * 500, "b"), "a", rule, None, premises)

    wide = proof_drawing([step(9, *range(1, 9)), *map(step, range(8, 0, -1))])
    assert wide is not None
    assert (len(wide.boxes), wide.hidden) == (5, 4)
    assert all(box.x >= 0 and box.x + box.width <= wide.width for box in wide.boxes)
    assert all(len(box.lines[0]) * 7 < box.width for box in wide.boxes)
    long = proof_drawing([*(step(number, number - 1) for number in range(40, 1, -1)), step(1)])
    assert long is not None
    assert long.hidden == 40 - len(long.boxes) > 0
    assert proof_drawing([step(1)]) is None
