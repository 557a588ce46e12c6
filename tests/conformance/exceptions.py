"""Where the embedded engine itself differs from the recommendations: each case and why.

A case stands here only while the engine fails it without this service too; a test sees to that.
"""

from collections.abc import Mapping

_R2 = "http://www.w3.org/2001/sw/DataAccess/tests/data-r2/"
_11 = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
_12 = "https://w3c.github.io/rdf-tests/sparql/sparql12/"

_SPELLING = (
    "the store keeps what a number, boolean or date is worth, not how it was spelled: 01 is 1, "
    "1.3e0 is 1.3, -3 of a derived type is an integer"
)
_GRAPH = (
    "the variable of GRAPH ?g is joined to the group's solutions after they are computed, so that "
    "inside the group it is not bound; a group without solutions tells no graph"
)
_ZERO_LENGTH = "a path of no steps does not lead to a constant that no statement mentions"

_REASONS: Mapping[str, tuple[str, ...]] = {
    _SPELLING: (
        f"{_R2}distinct/manifest#distinct-1",
        f"{_R2}distinct/manifest#distinct-9",
        f"{_R2}expr-builtin/manifest#dawg-str-1",
        f"{_R2}expr-builtin/manifest#dawg-str-2",
        f"{_R2}expr-builtin/manifest#sameTerm-eq",
        f"{_R2}expr-builtin/manifest#sameTerm-not-eq",
        f"{_R2}expr-builtin/manifest#sameTerm-simple",
        f"{_R2}expr-equals/manifest#eq-graph-1",
        f"{_R2}expr-equals/manifest#eq-graph-2",
        f"{_R2}open-world/manifest#date-3",
        f"{_R2}open-world/manifest#open-eq-01",
        f"{_11}cast/manifest#cast-bool",
        f"{_11}cast/manifest#cast-decimal",
        f"{_11}cast/manifest#cast-double",
        f"{_11}cast/manifest#cast-float",
        f"{_11}cast/manifest#cast-int",
        f"{_11}cast/manifest#cast-string",
        f"{_11}csv-tsv-res/manifest#csv03",
        f"{_11}csv-tsv-res/manifest#tsv03",
        f"{_12}grouping/manifest#group01",
    ),
    _GRAPH: (
        f"{_R2}graph/manifest#graph-optional",
        f"{_R2}graph/manifest#graph-variable-scope",
        f"{_11}aggregates/manifest#agg-empty-group-count-graph",
        f"{_11}bindings/manifest#graph",
        f"{_11}negation/manifest#graph-minus",
    ),
    _ZERO_LENGTH: (
        f"{_11}property-path/manifest#zero_or_more_set_end",
        f"{_11}property-path/manifest#zero_or_more_set_start",
        f"{_11}property-path/manifest#zero_or_one_set_end",
        f"{_11}property-path/manifest#zero_or_one_set_start",
    ),
    "a date with a time zone and one without are told apart, where they are not comparable": (
        f"{_R2}open-world/manifest#date-2",
    ),
    "`?x<?a&&?b>?y` is read as two comparisons, though the longest token there is an IRI": (
        f"{_R2}syntax-sparql3/manifest#syn-bad-26",
    ),
    "a triple term or a literal is read as the subject of a triple term in an expression": (
        f"{_12}syntax-triple-terms-negative/manifest#tripleterm-subject-03",
        f"{_12}syntax-triple-terms-negative/manifest#tripleterm-subject-06",
    ),
    "an aggregate inside an aggregate is read": (
        f"{_12}syntax/manifest#nested-aggregate-functions",
    ),
    "TRUE and FALSE are read in lower case only": (
        f"{_R2}expr-builtin/manifest#case-insensitive-booleans",
    ),
    "GROUP_CONCAT of strings in one language is in that language": (
        f"{_11}aggregates/manifest#agg-groupconcat-04",
        f"{_11}aggregates/manifest#agg-groupconcat-06",
    ),
    "BNODE(str) gives the same blank node in every row": (f"{_11}functions/manifest#bnode01",),
    "an expression of SELECT cannot use the variable of an aggregate before it": (
        f"{_12}grouping/manifest#select-variable-reuse",
    ),
}

ENGINE_DIFFERS: Mapping[str, str] = {
    case: reason for reason, cases in _REASONS.items() for case in cases
}
