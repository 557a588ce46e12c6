"""A document whose text is not shipped: an order on a harbour, made up for tests."""

from pathlib import Path
from typing import Final

from spacepolicy.fingerprints import fingerprint

NAME: Final = "lark-2026-order"
SOURCE: Final = f"https://w3id.org/spacepolicy/source/{NAME}"
POLICY: Final = f"https://w3id.org/spacepolicy/id/policy/{NAME}"
TRIG: Final = f"data/{NAME}.trig"
ADDRESS: Final = "https://example.org/gazette/2026/41"
ACT: Final = "The Harbour Office shall build a tide-free slipway for rocket barges by 2029."
REPORT: Final = "It shall report to the Council every two years."
TEXT: Final = f"Section 1. Purpose.\n\nSection 2. Duties. (a) {ACT}\n(b) {REPORT}\n"
TOML: Final = f'''title = "Order on the harbour of Lark"
language = "en"
address = "{ADDRESS}"
'''
_DESCRIBED: Final = """  <#loc={locator}>
    a :Passage ;
    :locator "{locator}" ;
    :source source:lark-2026-order ;{within}
    :copyRead "the printed issue"@en ;{fingerprint}
    :independentSourceCount 1 ;
    :officialAddress "{address}"^^xsd:anyURI ;
    :readOn "2026-11-20"^^xsd:date ;
  .
"""
_HEAD: Final = """@base <https://w3id.org/spacepolicy/source/lark-2026-order> .
@prefix : <https://w3id.org/spacepolicy/def/> .
@prefix source: <https://w3id.org/spacepolicy/source/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix order: <https://w3id.org/spacepolicy/id/policy/lark-2026-order> .
@prefix task: <https://w3id.org/spacepolicy/id/policy/lark-2026-order/task/> .
@prefix measure: <https://w3id.org/spacepolicy/id/policy/lark-2026-order/task/1/measure/> .
@prefix facility: <https://w3id.org/spacepolicy/id/facility/> .
@prefix graph: <https://w3id.org/spacepolicy/graph/background/> .
"""


def _described(locator: str, words: str | None = None, within: str | None = None) -> str:
    return _DESCRIBED.format(
        locator=locator,
        address=ADDRESS,
        within=f"\n    :isWithin <#loc={within}> ;" if within else "",
        fingerprint=f'\n    :fingerprint "{fingerprint(words)}" ;' if words else "",
    )


DATA: Final = f"""{_HEAD}
source:{NAME} {{
  source:{NAME}
    a :SourceDocument ;
    :reportsOn order: ;
    dcterms:title "Order on the harbour of Lark"@en ;
  .
{_described("sec.2")}{_described("sec.2.a", ACT, "sec.2")}{_described("sec.2.b", within="sec.2")}}}

<#loc=sec.2> {{
  task:1 a :Task ; :isTaskOf order: .
}}

<#loc=sec.2.a> {{
  task:1 :ordinal 1 .
  measure:1 a :Measure ; :builds facility:lark-slipway ; :isMeasureOf task:1 ; :ordinal 1 .
}}

<#loc=sec.2.b> {{
  measure:2 a :Measure ; :isMeasureOf task:1 ; :ordinal 2 .
}}
"""
BACKGROUND: Final = f"""{_HEAD}
graph:{NAME} {{
  order: a :PolicyDocument ; rdfs:label "order on the harbour of Lark"@en .
  task:1 rdfs:label "a harbour for barges"@en .
  measure:1 rdfs:label "a slipway"@en .
  measure:2 rdfs:label "reports to the Council"@en .
  facility:lark-slipway a :Facility ; rdfs:label "the slipway at Lark"@en .
}}
"""


def add(content: Path, *, background: bool = False) -> None:
    """Add the document to a content folder; `background`: with names of its things."""
    (content / "seeds" / f"{NAME}.toml").write_text(TOML, encoding="utf-8")
    (content / TRIG).write_text(DATA, encoding="utf-8")
    if background:
        path = content / "data" / "background" / f"{NAME}.trig"
        path.write_text(BACKGROUND, encoding="utf-8")
