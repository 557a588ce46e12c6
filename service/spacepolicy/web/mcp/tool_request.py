"""The request that tools get, and the arguments that all tools share."""

from dataclasses import dataclass
from typing import Annotated, final

from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Scope

from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.search import SearchService
from spacepolicy.web.service import Service

IRI = "an IRI, or a name with a prefix that the ontology declares"
Rows = Annotated[int, Field(ge=1, le=500, description="the most rows of the answer")]
Seconds = Annotated[float | None, Field(gt=0, description="seconds that the query may take")]


@final
@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A request to a tool, and the caches and search that answer it."""

    knowledge_cache: KnowledgeCache
    search: SearchService
    scope: Scope

    @property
    def app_state(self) -> AppState:
        """The state of the service."""
        return self.knowledge_cache.app_state

    @property
    def service(self) -> Service:
        """The service."""
        return self.app_state.service

    @property
    def base(self) -> str:
        """The base of relative IRIs."""
        return self.service.revision.base or self.service.url(self.scope, "/")

    def address(self, path: str) -> str:
        """Return the address of a path of this service, for `query` of an answer."""
        return self.service.url(self.scope, path)


class Arguments(BaseModel):
    """The arguments of every tool; others are refused."""

    model_config = ConfigDict(extra="forbid")
    revision: Annotated[
        int | None,
        Field(ge=1, description="an earlier revision to answer on; else the one in force"),
    ] = None
