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
@prefix policy: <https://w3id.org/spacepolicy/id/policy/> .
@prefix actor: <https://w3id.org/spacepolicy/id/actor/> .
@prefix kind: <https://w3id.org/spacepolicy/concept/document-kind/> .
@prefix theme: <https://w3id.org/spacepolicy/concept/task-theme/> .
@prefix domain: <https://w3id.org/spacepolicy/concept/technology-domain/> .
@prefix status: <https://w3id.org/spacepolicy/concept/assertion-status/> .
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
    :hasDocumentKind kind:legislation ;
    :reportsOn policy:{NAME} ;
    dcterms:title "Order on the harbour of Lark"@en ;
  .
{_described("title")}{_described("sec.2")}{_described("sec.2.a", ACT, "sec.2")}{
    _described("sec.2.b", within="sec.2")
}}}

<#loc=title> {{
  policy:{NAME} a :PolicyDocument ; :hasDocumentKind kind:legislation ; :issuedBy actor:lark .
  actor:lark a :Actor .
}}

<#loc=sec.2> {{
  task:1 a :Task ; :isTaskOf policy:{NAME} .
}}

<#loc=sec.2.a> {{
  task:1 :heading "Duties"@en ; :ordinal 1 .
  measure:1 a :Measure ; :builds facility:lark-slipway ; :isMeasureOf task:1 ; :ordinal 1 .
  facility:lark-slipway a :Facility .
}}

<#loc=sec.2.b> {{
  measure:2 a :Measure ; :cooperatesWith actor:lark-council ; :isMeasureOf task:1 ; :ordinal 2 .
  actor:lark-council a :Actor .
}}
"""
_NAMED: Final = {
    f"graph:{NAME}": ("the harbour of Lark", "拉克港"),
    f"source:{NAME}": ("order of Lark, as it was read", "拉克命令（所读文本）"),
    f"policy:{NAME}": ("order on the harbour of Lark", "拉克港命令"),
    "task:1": ("a harbour for barges", "驳船港"),
    "measure:1": ("a slipway", "滑道"),
    "measure:2": ("reports to the Council", "向议会报告"),
    "facility:lark-slipway": ("slipway at Lark", "拉克滑道"),
    "actor:lark": ("town of Lark", "拉克镇"),
    "actor:lark-council": ("Council of Lark", "拉克议会"),
}
_NAMES: Final = "".join(
    f'  {thing} rdfs:label "{en}"@en , "{zh}"@zh .\n' for thing, (en, zh) in _NAMED.items()
)
BACKGROUND: Final = f"""{_HEAD}
graph:{NAME} {{
{_NAMES}  task:1 :hasTheme theme:basic-support-conditions .
  facility:lark-slipway :inDomain domain:launch-vehicle .
  graph:{NAME}
    dcterms:description "Names of what an order of an invented town says."@en ;
    :assertionStatus status:inferred ;
    dcterms:created "2026-11-28"^^xsd:date ;
    dcterms:creator "spacepolicy maintainers"@en ;
    dcterms:license <https://creativecommons.org/licenses/by/4.0/> ;
    dcterms:source "maintainers' invention"@en ;
  .
}}
"""


def add(content: Path, *, background: bool = False) -> None:
    """Add the document to a content folder; `background`: with names of its things."""
    (content / "seeds" / f"{NAME}.toml").write_text(TOML, encoding="utf-8")
    (content / TRIG).write_text(DATA, encoding="utf-8")
    if background:
        path = content / "data" / "background" / f"{NAME}.trig"
        path.write_text(BACKGROUND, encoding="utf-8")
