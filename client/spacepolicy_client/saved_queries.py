"""The saved queries of a service, by name, with their parameters documented."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, final

from spacepolicy_client.selection import Selection

Asked = Callable[[str, Mapping[str, object]], Selection]


@final
class SavedQuery:
    """A saved query: call it with its parameters, which `help` shows."""

    def __init__(self, described: Mapping[str, Any], asked: Asked) -> None:
        self._asked = asked
        self.name: str = described["name"]
        self.title: Mapping[str, str] = described["title"]
        self.description: Mapping[str, str] = described.get("description", {})
        self.parameters: tuple[Mapping[str, Any], ...] = tuple(described.get("parameters", ()))
        self.query: str = described.get("query", "")
        self.__doc__ = self._documented()
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter(
                    each["name"],
                    inspect.Parameter.KEYWORD_ONLY,
                    default=inspect.Parameter.empty if each.get("required") else None,
                )
                for each in self.parameters
                if each["name"].isidentifier() and not iskeyword(each["name"])
            ]
        )

    def __call__(self, **parameters: object) -> Selection:
        """Run the query with these values; a list gives several.

        Raises: TypeError where it has no such parameter.
        """
        known = {each["name"] for each in self.parameters}
        for name in parameters.keys() - known:
            names = ", ".join(sorted(known)) or "none"
            raise TypeError(f"{self.name} has no parameter {name!r}; there are: {names}.")
        return self._asked(self.name, parameters)

    def __repr__(self) -> str:
        return f"<SavedQuery {self.name}: {self.title.get('en', '')}>"

    def _documented(self) -> str:
        lines = [self.title.get("en", self.name), "", self.description.get("en", "")]
        for each in self.parameters:
            more = "required" if each.get("required") else f"default {each.get('default')}"
            lines.append(f"{each['name']}: {each['type']}, {more}")
        return "\n".join(lines).strip()


@final
@dataclass(frozen=True)
class SavedQueries(Mapping[str, SavedQuery]):
    """The saved queries by name; `tasks_by_technology` is `["tasks-by-technology"]` too."""

    queries: Mapping[str, SavedQuery]

    def __getitem__(self, name: str) -> SavedQuery:
        return self.queries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.queries)

    def __len__(self) -> int:
        return len(self.queries)

    def __getattr__(self, name: str) -> SavedQuery:
        try:
            return self.queries[name.replace("_", "-")]
        except KeyError:
            raise AttributeError(name) from None

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *(name.replace("-", "_") for name in self.queries)]
