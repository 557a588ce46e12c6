"""TRUE and FALSE in capitals, which the engine accepts in lower case only.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlGrammar (keywords are matched without case)
"""

import re
from typing import Final

from spacepolicy.engine.tokens import tokens

_BOOLEANS: Final = ("TRUE", "FALSE")
_MAY_HOLD: Final = re.compile(r"\b(?!true\b|false\b)(?i:true|false)\b")


def lowered(text: str) -> str:
    """The text with these words in lower case, of the same length; strings, names and IRIs stay.

    >>> lowered('ASK { FILTER (TRUE && "TRUE" != :TRUE) }')
    'ASK { FILTER (true && "TRUE" != :TRUE) }'
    """
    if _MAY_HOLD.search(text) is None:
        return text
    pieces, end = [], 0
    for token in tokens(text):
        if token.word.rstrip(".") in _BOOLEANS:  # a dot that ends a triple is part of the token
            pieces += [text[end : token.start], token.text.lower()]
            end = token.end
    return "".join((*pieces, text[end:]))
