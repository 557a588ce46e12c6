"""The locale of a request: the language of pages, and how links keep it and the revision.

The language is that of `?lang=`, else the supported one that `Accept-Language` prefers, else the
first. It belongs to a request (`request_context`); pages are cached by language.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
"""

from dataclasses import dataclass
from typing import Final, final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import Scope

LANGUAGES: Final = ("en", "zh")
PARAMETER: Final = "lang"
REVISION: Final = "revision"


@final
@dataclass(frozen=True, slots=True)
class Locale:
    """The language of pages; `chosen`: the request names it by `?lang=`, so links repeat it. They
    also repeat the revision, where the request names one by its number.

    `path` and `parameters` are those of the request, for links to the same page in another
    language.
    """

    language: str = LANGUAGES[0]
    chosen: bool = False
    path: str = "/"
    parameters: tuple[tuple[str, str], ...] = ()
    revision: str = ""

    @property
    def variant(self) -> str:
        """The part of a page's cache key that depends on the reader."""
        return f"{self.language} {'chosen' if self.chosen else 'preferred'} {self.revision}"

    def kept(self, address: str) -> str:
        """Return the address with the chosen language and revision as parameters.

        >>> Locale("zh", chosen=True).kept("/search?q=a#b")
        '/search?q=a&lang=zh#b'
        """
        chosen = [(REVISION, self.revision)] if self.revision else []
        chosen += [(PARAMETER, self.language)] if self.chosen else []
        if not chosen:
            return address
        front, hash_, fragment = address.partition("#")
        joint = "&" if "?" in front else "?"
        return f"{front}{joint}{urlencode(chosen)}{hash_}{fragment}"

    def here_in(self, language: str) -> str:
        """Return the query string of this page in the language."""
        return "?" + urlencode([*self.parameters, (PARAMETER, language)])

    def is_at(self, path: str) -> bool:
        """Whether the page is at the path, or below it.

        >>> Locale(path="/doc/ontology/core").is_at("/ontology"), Locale().is_at("/search")
        (True, False)
        """
        here = f"{self.path.removeprefix('/doc')}/"
        return here.startswith(f"{path}/")

    @property
    def here_now(self) -> str:
        """The query string of this page at the newest revision."""
        rest = [pair for pair in self.parameters if pair[0] != REVISION]
        return "?" + urlencode([*rest, *([(PARAMETER, self.language)] if self.chosen else [])])


def read_locale(scope: Scope) -> Locale:
    """Return the locale that a request asks for."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    asked = next((value for name, value in pairs if name == PARAMETER), "")
    accepted = ", ".join(Headers(scope=scope).getlist("accept-language"))
    return Locale(
        language=asked if asked in LANGUAGES else preferred(accepted),
        chosen=asked in LANGUAGES,
        path=scope["path"],
        parameters=tuple(pair for pair in pairs if pair[0] != PARAMETER),
        revision=next((value for name, value in pairs if name == REVISION), ""),
    )


def preferred(accept_language: str) -> str:
    """Return the supported language that Accept-Language prefers; else the first.

    >>> preferred("fr, zh-CN;q=0.9, en;q=0.8")
    'zh'
    >>> preferred("zh;q=0, *;q=0.1")
    'en'
    """
    weights: dict[str, float] = {}
    for piece in accept_language.split(","):
        tag, _, parameters = piece.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        weights[primary] = max(weights.get(primary, 0), _weight(parameters))
    other = weights.get("*", 0)
    qualities = {language: weights.get(language, other) for language in LANGUAGES}
    return max(LANGUAGES, key=lambda language: qualities[language])


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1
    try:
        return min(max(float(value), 0), 1)
    except ValueError:
        return 0
