"""Functions that the engine does not know, in updates as in queries."""

import pytest
from pyoxigraph import Store

from spacepolicy.engine.functions import Functions, with_unknown_functions
from spacepolicy.engine.update_executor import UpdateExecutor
from spacepolicy.engine.update_protocol import DatasetEdit
from spacepolicy.errors import BadParameterError, QuerySyntaxError


def updated(text: str) -> Store:
    store = Store()
    UpdateExecutor(store).edit(DatasetEdit(kind="update", text=text), [], [])
    return store


def test_an_unknown_function_leaves_its_variable_unbound_in_an_update() -> None:
    store = updated(
        "INSERT DATA { <urn:s> <urn:p> 1 } ; "
        "INSERT { ?s <urn:q> 2 . ?s <urn:r> ?x } WHERE { ?s <urn:p> ?o BIND(<urn:f>(?o) AS ?x) }"
    )
    assert {quad.predicate.value for quad in store} == {"urn:p", "urn:q"}


def test_an_update_that_is_none_is_told_its_mistake() -> None:
    with pytest.raises(QuerySyntaxError, match="INSERT of fixed triples needs DATA"):
        updated("INSERT { <urn:s> <urn:p> 1 }")


def test_an_evaluation_is_tried_once_for_each_unknown_function() -> None:
    tried: list[int] = []

    def evaluate(functions: Functions) -> int:
        tried.append(len(functions))
        if len(functions) < 3:
            raise RuntimeError(f"The custom function <urn:f{len(functions)}> is not supported")
        return len(functions)

    assert with_unknown_functions(evaluate) == (3, ("urn:f0", "urn:f1", "urn:f2"))
    assert tried == [0, 1, 2, 3]


def test_functions_that_are_too_many_are_refused() -> None:
    def evaluate(functions: Functions) -> None:
        raise RuntimeError(f"The custom function <urn:f{len(functions)}> is not supported")

    with pytest.raises(BadParameterError, match="More than 16 functions"):
        with_unknown_functions(evaluate)


def test_another_failure_is_no_unknown_function() -> None:
    def evaluate(_: Functions) -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        with_unknown_functions(evaluate)
