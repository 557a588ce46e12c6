"""TRUE and FALSE are read in any case, in queries and updates, and nothing else is changed."""

import pytest

from spacepolicy.engine.booleans import lowered


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("SELECT (TRUE AS ?x) {}", "SELECT (true AS ?x) {}"),
        ("ASK { FILTER(True||FALSE) }", "ASK { FILTER(true||false) }"),
        ("ASK { ?s :p TRUE, False. }", "ASK { ?s :p true, false. }"),
        ("ASK { ?TRUE :TRUE TRUE:a . }", None),
        ("ASK { ?s ?p 'TRUE', \"FALSE\"@en, <urn:TRUE> }", None),
        ("ASK { ?s ?p true } # TRUE", None),
        ("ASK { ?s ?p 'é', TRUE }", "ASK { ?s ?p 'é', true }"),
        ("ASK { ?s ?p _:TRUE, ex:FALSE-TRUE }", None),
        ("ASK {}", None),
    ],
)
def test_these_words_alone_are_lowered(text: str, read: str | None) -> None:
    assert lowered(text) == (read or text)
