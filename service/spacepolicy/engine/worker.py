"""The engine's child side: a process that answers the queries of one connection, one at a time.

It may have no more memory than allowed beyond what is loaded, and opens no connection, nor a file
but the tables of a dataset on disk.
It ends when the other side hangs up, and after a query that ran long or left memory behind.
"""

import mmap
import os
import resource
import socket
import struct
import time
import traceback
from collections.abc import Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, final

from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Store

from spacepolicy import answers, formats
from spacepolicy.engine.booleans import lowered
from spacepolicy.engine.dataset import Dataset, dataset_of
from spacepolicy.engine.edit import edit_of
from spacepolicy.engine.editing import Editor
from spacepolicy.engine.functions import Functions, with_unknown_functions
from spacepolicy.engine.generation import damage
from spacepolicy.engine.hinting import Hints, only_selected
from spacepolicy.engine.hints import hint
from spacepolicy.engine.lexer import scan
from spacepolicy.engine.output import Output, wanted_format
from spacepolicy.engine.port import (
    CHUNK_BYTES,
    Header,
    Query,
    end_frame,
    frame,
    problem_frame,
    receive,
    receive_behind,
)
from spacepolicy.engine.sealing import refuse_sockets
from spacepolicy.engine.syntax import query_syntax_error
from spacepolicy.errors import (
    BadParameterError,
    EgressRefusedError,
    EngineError,
    ProblemError,
)
from spacepolicy.xml_answers import cannot_say

_STACK_BYTES: Final = 64 << 20
"""Eight times the usual, and so much deeper texts before the parser dies."""
_OWN_PAGES: Final = (64 << 20) // resource.getpagesize()
"""A worker that has touched more memory of its own than this is not used again."""
_SHORT_SECONDS: Final = 0.001
_FEW: Final = 16
"""A worker may answer so many queries that are short before it looks at itself."""
_SINCE: Final = struct.Struct("d")


@final
class Busy:
    """Since when a worker has been at its query, in memory that it shares with the server."""

    def __init__(self, shared: mmap.mmap) -> None:
        self._shared = shared

    def begin(self) -> None:
        """A query has come."""
        _SINCE.pack_into(self._shared, 0, time.monotonic())

    def end(self) -> float:
        """The query is answered; how many seconds it took."""
        took = self.seconds(time.monotonic())
        _SINCE.pack_into(self._shared, 0, 0.0)
        return took

    def seconds(self, now: float) -> float:
        """How long the query has been running; 0 between queries."""
        since: float = _SINCE.unpack_from(self._shared)[0]
        return now - since if since else 0.0

    def close(self) -> None:
        """Free the memory."""
        self._shared.close()


def work(
    store: Store, connection: socket.socket, busy: Busy, memory_bytes: int, *, on_disk: bool = False
) -> None:
    """Answer the connection's queries until it closes, or this process has had its day.

    `on_disk`: the store opens its tables when it comes to them, or writes files of its own.
    """
    _confine(memory_bytes, on_disk=on_disk)
    priority = os.getpriority(os.PRIO_PROCESS, 0)

    def spent() -> bool:
        touched = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        return touched > _OWN_PAGES or os.getpriority(os.PRIO_PROCESS, 0) > priority

    last, editor, queries, behind = False, Editor(store), 0, b""
    hints = Hints(store)
    while not last and (request := receive(connection, behind)) is not None:
        busy.begin()
        behind = request.behind
        if not request.text and "edit" in (table := request.told()):
            told, behind = _edited(editor, table, connection, behind), b""
            busy.end()
            last = told is None or spent()
            if told is not None:
                _tell(connection, told, last=last)
            continue
        before = time.process_time()
        query = request.query()
        output = Output(connection, query)
        problem = _answer(store, query, output, hints)
        seconds = time.process_time() - before
        queries += 1
        if busy.end() > _SHORT_SECONDS or queries % _FEW == 0:
            last = spent()
        output.finish(problem, last=last, seconds=seconds)


def _edited(
    editor: Editor, table: Mapping[str, Any], connection: socket.socket, received: bytes
) -> bytes | None:
    """The effect of an edit on this process's own copy; None where there is none, and that was
    said."""
    edit, sizes = edit_of(table["edit"]), table["kept"]
    pieces = receive_behind(connection, [*sizes, *(size for *_, size in edit.uploads)], received)
    if pieces is None:
        return None
    try:
        return editor.edit(edit, pieces[: len(sizes)], pieces[len(sizes) :])
    except ProblemError as error:
        connection.sendall(problem_frame(error, last=True))
    except MemoryError:
        os.abort()
    except Exception as error:  # noqa: BLE001 # the worker's outermost wall
        traceback.print_exc()
        connection.sendall(problem_frame(_translated(error, edit.text), last=True))
    return None


def _tell(connection: socket.socket, told: bytes, *, last: bool) -> None:
    for start in range(0, len(told), CHUNK_BYTES):
        connection.sendall(frame(b"D", told[start : start + CHUNK_BYTES]))
    connection.sendall(end_frame(last=last))


def _confine(memory_bytes: int, *, on_disk: bool) -> None:
    """No more memory than allowed beyond what is loaded, and no new file or connection; no new
    connection at least."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(_STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, hard))
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if on_disk:
        refuse_sockets()
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _answer(
    store: Store, query: Query, output: Output, hints: Hints | None = None
) -> ProblemError | None:
    """Write the answer; what went wrong where it could not be written whole."""
    try:
        dataset = dataset_of(store, query)
        answer, unknown = _evaluate(dataset, query)
        form = answers.form(answer)
        format = wanted_format(query, form)
        output.begin(Header(form, format.name, dataset.warnings), format)
        answer, says_little = _weighed(answer, query)
        answers.write(answer, format, output, query.prefixes)
        output.check()
        if query.hints and hints is not None and output.begins:
            little = says_little or output.solutions == 0 or _counts(output.solutions, query.text)
            found = hints.of(query.text, query.prefixes, query.base, says_little=little)
            output.hint((*(hint("function-unknown", function=each) for each in unknown), *found))
    except ProblemError as error:
        return output.problem or error
    except MemoryError:
        os.abort()
    except Exception as error:  # noqa: BLE001 # the worker's outermost wall
        if output.problem is None and not isinstance(error, OSError):
            traceback.print_exc()
        return output.problem or _translated(error, query.text, query.graph_format)
    return None


def _evaluate(dataset: Dataset, query: Query) -> tuple[answers.Answer, tuple[str, ...]]:
    """The answer, and the functions that are not known."""

    def evaluated(functions: Functions, text: str = query.text) -> answers.Answer:
        return dataset.store.query(
            text,
            base_iri=query.base,
            prefixes=dict(query.prefixes),
            default_graph=dataset.default_graphs,
            named_graphs=dataset.named_graphs,
            custom_functions=functions or None,
        )

    try:
        try:
            return with_unknown_functions(evaluated)
        except SyntaxError:
            text = lowered(query.text)
            if text == query.text:
                raise
            return with_unknown_functions(partial(evaluated, text=text))
    except SyntaxError as error:
        raise query_syntax_error(
            str(error), query.text, query.prefixes, based=query.base is not None
        ) from error
    except (ValueError, RuntimeError) as error:
        raise damage(str(error)) or BadParameterError(str(error)) from error


def _weighed(answer: answers.Answer, query: Query) -> tuple[answers.Answer, bool]:
    """The answer, and whether it says nothing, or gives a variable no value, as far as that can be
    told before it is written."""
    match answer:
        case QueryBoolean():
            return answer, not answer
        case QuerySolutions():
            names = (variable.value for variable in answer.variables)
            return answer, any(only_selected(query.text, name) for name in names)
        case QueryTriples() if query.hints:
            first = next(answer, None)
            return (answer, True) if first is None else (chain((first,), answer), False)
        case _:
            return answer, False


def _counts(solutions: int | None, text: str) -> bool:
    """Whether the one solution may count nothing."""
    return solutions == 1 and "COUNT" in text.upper()


def _translated(error: Exception, text: str, format_name: str | None = None) -> ProblemError:
    """What an evaluation that failed is told as.

    The engine raises OSError for what cannot be reached, which only a text that says SERVICE or
    LOAD asks of it, and for statements that the format of graphs of that name cannot carry.
    """
    if found := damage(str(error)):
        return found
    if not isinstance(error, OSError) or isinstance(error, ConnectionError):
        return EngineError(f"The engine failed: {error}")
    scanned = scan(text, {})
    if scanned.service or scanned.load:
        return EgressRefusedError("SERVICE is refused: queries do not leave this machine.")
    format = formats.named(format_name) if format_name else None
    return (
        EngineError(f"The engine failed: {error}")
        if format is None
        else cannot_say(format, str(error))
    )
