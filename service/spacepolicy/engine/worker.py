"""The engine's child side: a process that answers the queries of one connection, one at a time.

It may have no more memory than allowed beyond what is loaded, and opens no connection, nor a file
but the tables of a dataset on disk. It lives long, since a process that was just forked copies each
page of the dataset that it touches: it follows publications, and ends when the other side hangs up,
or when it has more memory of its own than its part of the budget.
"""

import mmap
import os
import resource
import socket
import struct
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any, Final, final

from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Store

from spacepolicy import formats, serialization
from spacepolicy.engine.answer_frames import Header, end_frame, frame, problem_frame
from spacepolicy.engine.booleans import lowered
from spacepolicy.engine.change_log import ChangeReader
from spacepolicy.engine.description_terms import description_store
from spacepolicy.engine.functions import Functions, with_unknown_functions
from spacepolicy.engine.hint_rules import Hints, only_selected
from spacepolicy.engine.hints import Hint, hint
from spacepolicy.engine.lexer import scan
from spacepolicy.engine.memory import OwnCopy, OwnMemory
from spacepolicy.engine.named_graphs import Narrowed, query_without
from spacepolicy.engine.processor_time import user_seconds
from spacepolicy.engine.query_dataset import QueryDataset, dataset_of
from spacepolicy.engine.requests import (
    CHUNK_BYTES,
    EngineRequest,
    Query,
    has_news,
    receive,
    receive_behind,
)
from spacepolicy.engine.result_writer import ResultWriter, wanted_format
from spacepolicy.engine.sandbox import refuse_sockets
from spacepolicy.engine.snapshot import damage
from spacepolicy.engine.syntax import query_syntax_error
from spacepolicy.engine.update_executor import UpdateExecutor
from spacepolicy.engine.update_protocol import edit_of
from spacepolicy.errors import (
    BadParameterError,
    EgressRefusedError,
    EngineError,
    ProblemError,
)
from spacepolicy.xml_serialization import cannot_say

_STACK_BYTES: Final = 64 << 20
"""Eight times the usual, so that the parser takes so much deeper texts before it crashes."""
_SHORT_SECONDS: Final = 0.001
_FEW: Final = 16
"""A worker may answer so many short queries before it checks its memory and priority: that takes 2
µs, where a look-up takes 60."""
_FIRST_SECONDS: Final = 1.0
_COPYING_SHARE: Final = 0.25
_GATHERING_SHARE: Final = 0.125
"""Where requests always wait, a worker answers for so long first, in which it gets the pages that
are used most, and then copies, and gathers into huge pages, for these shares of the time. A million
statements take 1 to 1.5 s of a processor for each of both in a virtual machine that gets the memory
from its host only then: while new workers did that before they answered on, look-ups beside two
cross products had 1,150 to 1,800 answers a second for the first four seconds, and 2,900 so."""
_MOST_COPYING_SECONDS: Final = 0.1
"""How long requests wait for copies at most: a worker of queries of 0.1 s and more has its copy of
1.7 GB, five million statements, after a few of them. Quick queries are so short that they never
wait for so long."""
_TIMES: Final = struct.Struct("ddd")


@final
class Busy:
    """The time at which a worker began its query, or finished its last, in memory that it shares
    with the server."""

    def __init__(self, shared: mmap.mmap) -> None:
        self._shared = shared

    def begin(self) -> None:
        """Record that a query has come to this process."""
        _TIMES.pack_into(self._shared, 0, time.monotonic(), user_seconds() or 0.0, 0.0)

    def end(self, *, idle: bool = True) -> float:
        """Record that the query is answered; return how many seconds it took. `idle`: the worker
        may be ended while it waits for another."""
        now = time.monotonic()
        took = self.seconds(now)
        _TIMES.pack_into(self._shared, 0, 0.0, 0.0, now if idle else 0.0)
        return took

    @property
    def user_seconds(self) -> float:
        """The processor time of the process, in its own code, when the query came."""
        return self._times()[1]

    def idle_seconds(self, now: float) -> float:
        """How long the worker has been without a query; 0 where it has one, or never had one."""
        since = self._times()[2]
        return now - since if since else 0.0

    def _times(self) -> tuple[float, float, float]:
        since, processor, idle = _TIMES.unpack_from(self._shared)
        return since, processor, idle

    @property
    def at_work(self) -> bool:
        """Whether a query is running."""
        return self.seconds(time.monotonic()) > 0

    def seconds(self, now: float) -> float:
        """How long the query has been running; 0 between queries."""
        since = self._times()[0]
        return now - since if since else 0.0

    def close(self) -> None:
        """Free the memory."""
        self._shared.close()


@final
class Worker:
    """A worker over a store, whose connection it answers.

    `on_disk`: the store opens its tables when it needs them, or writes files of its own. `changes`
    lead from the store to those of later revisions. A query may have `memory_bytes` beyond what is
    loaded; the worker may keep `allowance_bytes` beyond what it shares.
    """

    def __init__(
        self,
        store: Store,
        connection: socket.socket,
        busy: Busy,
        changes: ChangeReader,
        *,
        memory_bytes: int,
        allowance_bytes: int,
        on_disk: bool = False,
    ) -> None:
        self._store = store
        self._connection = connection
        self._busy = busy
        self._changes = changes
        self._memory_bytes = memory_bytes
        self._memory = OwnMemory(allowance_bytes)
        self._copy = OwnCopy(0 if on_disk else allowance_bytes)
        self._size = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._priority = os.getpriority(os.PRIO_PROCESS, 0)
        self._editor = UpdateExecutor(store)
        self._hints = Hints(store)
        self._answering = -_FIRST_SECONDS
        """How long it has answered queries since it last copied."""
        self._piece_seconds = 0.0
        self._queries = 0
        self._last = self._slow = False
        _confine(on_disk=on_disk)
        self._limit_memory()

    def work(self) -> None:
        """Answer the connection's queries until it closes, or this process has grown too large."""
        behind = b""
        while not self._last:
            if self._queries and not self._copy.done:
                self._copy_a_part(waits=bool(behind))
            request = receive(self._connection, behind)
            if request is None:
                return
            behind = request.behind
            table = {} if request.text else request.decoded_table()
            if "follow" in table:
                self._follow(table["follow"])
            elif "edit" in table:
                self._edit(table, behind)
                behind = b""
            else:
                self._answer(request)

    def _copy_a_part(self, *, waits: bool) -> None:
        """Copy the shared memory piece by piece: all of it while no request is there, and else for
        as long as the worker has answered since it last did, so that it is warm soon where there is
        always one; gather it for a part of that time. A worker that has answered none yet may be a
        spare one for long."""
        now = time.monotonic()
        share = _GATHERING_SHARE if self._copy.whole else _COPYING_SHARE
        until = now + min(share * self._answering, _MOST_COPYING_SECONDS)
        while not self._copy.done:
            if now + self._piece_seconds > until and (waits or has_news(self._connection)):
                break
            self._copy.copy_a_piece()
            now, before = time.monotonic(), now
            self._piece_seconds = now - before
            self._answering = 0.0

    def _follow(self, number: int) -> None:
        """Answer over the revision with that number from now on."""
        self._changes.follow(self._store, number)
        self._hints = Hints(self._store)
        self._limit_memory()

    def _limit_memory(self) -> None:
        """Limit the memory of a query to so much beyond what this process has now."""
        pages = int(os.pread(self._size, 64, 0).split()[0])
        limit = pages * resource.getpagesize() + self._memory_bytes
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))

    def _answer(self, request: EngineRequest) -> None:
        before = time.process_time()
        self._busy.begin()
        query = request.query()
        output = ResultWriter(self._connection, query)
        problem = _answer(self._store, query, output, self._hints)
        seconds = time.process_time() - before
        self._queries += 1
        took = self._busy.end()
        self._answering += took
        if took > _SHORT_SECONDS or self._queries % _FEW == 0:
            self._look_at_itself()
        output.finish(problem, last=self._last, slow=self._slow, seconds=seconds)

    def _edit(self, table: Mapping[str, Any], received: bytes) -> None:
        """Send the effect of an edit; a worker without one is not used again."""
        self._busy.begin()
        effect = _edited(self._editor, table, self._connection, received)
        self._busy.end(idle=False)
        self._look_at_itself()
        if effect is None:
            self._last = True
        else:
            _tell(self._connection, effect, last=self._last)

    def _look_at_itself(self) -> None:
        """Check whether this process is to end, or has had its priority lowered."""
        self._last = self._memory.overgrown()
        self._slow = os.getpriority(os.PRIO_PROCESS, 0) > self._priority


def _edited(
    editor: UpdateExecutor, table: Mapping[str, Any], connection: socket.socket, received: bytes
) -> bytes | None:
    """The effect of an edit on this process's own copy; None where it failed, after the problem was
    sent."""
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


def _tell(connection: socket.socket, effect: bytes, *, last: bool) -> None:
    for start in range(0, len(effect), CHUNK_BYTES):
        connection.sendall(frame(b"D", effect[start : start + CHUNK_BYTES]))
    connection.sendall(end_frame(last=last))


def _confine(*, on_disk: bool) -> None:
    """Forbid new files and connections; on disk, new connections alone."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(_STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if on_disk:
        refuse_sockets()
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _answer(
    store: Store, query: Query, output: ResultWriter, hints: Hints | None = None
) -> ProblemError | None:
    """Write the answer; return the problem where it is incomplete."""
    try:
        dataset = dataset_of(description_store(store, query) or store, query)
        narrowed = _narrowed(dataset, query)
        answer, unknown = _evaluate(dataset, query, narrowed.text)
        form = serialization.form(answer)
        format = wanted_format(query, form)
        output.begin(Header(form, format.name, dataset.warnings), format)
        answer, says_little = _weighed(answer, query)
        serialization.write(answer, format, output, query.prefixes, output.count)
        output.check()
        if query.hints and hints is not None and output.begins:
            little = says_little or output.solutions == 0 or _counts(output.solutions, query.text)
            found = hints.of(query.text, query.prefixes, query.base, says_little=little)
            output.hint((*_noticed(query, narrowed, unknown), *found))
    except ProblemError as error:
        return output.problem or error
    except MemoryError:
        os.abort()
    except Exception as error:  # noqa: BLE001 # the worker's outermost wall
        if output.problem is None and not isinstance(error, OSError):
            traceback.print_exc()
        return output.problem or _translated(error, query.text, query.graph_format)
    return None


def _narrowed(dataset: QueryDataset, query: Query) -> Narrowed:
    """The query's text over the named graphs that it may see."""
    if query.unlisted is None or dataset.named_graphs is not None:
        return Narrowed(query.text)
    return query_without(query.text, query.prefixes, query.base, query.unlisted)


def _noticed(query: Query, narrowed: Narrowed, unknown: Iterable[str]) -> Iterator[Hint]:
    """The hints that follow from the evaluation."""
    if narrowed.names and query.unlisted is not None:
        yield hint("graph-unlisted", graph=query.unlisted)
    for function in unknown:
        yield hint("function-unknown", function=function)


def _evaluate(
    dataset: QueryDataset, query: Query, text: str
) -> tuple[serialization.Answer, tuple[str, ...]]:
    """The answer to the query, from which `text` was made, and the functions that are not known.

    Raises: QuerySyntaxError, with places in the query's own text.
    """

    def evaluated(functions: Functions, text: str) -> serialization.Answer:
        return dataset.store.query(
            text,
            base_iri=query.base,
            prefixes=_used(query.prefixes, text),
            default_graph=dataset.default_graphs,
            named_graphs=dataset.named_graphs,
            custom_functions=functions or None,
        )

    try:
        try:
            return with_unknown_functions(partial(evaluated, text=text))
        except SyntaxError:
            again = lowered(text)
            if again == text:
                raise
            return with_unknown_functions(partial(evaluated, text=again))
    except SyntaxError as error:
        if text != query.text:
            _evaluate(
                QueryDataset(Store()), query, query.text
            )  # raises, at the places of that text
            raise EngineError(f"The engine failed: {error}") from error
        raise query_syntax_error(
            str(error), query.text, query.prefixes, based=query.base is not None
        ) from error
    except (ValueError, RuntimeError) as error:
        raise damage(str(error)) or BadParameterError(str(error)) from error


def _used(prefixes: Mapping[str, str], text: str) -> dict[str, str]:
    """The prefixes that the text may use: the engine reads the IRI of each, which takes 15 us for
    thirty, where a look-up takes 30. A text with escapes may hide some."""
    if "\\" in text:
        return dict(prefixes)
    return {prefix: iri for prefix, iri in prefixes.items() if prefix in text}


def _weighed(answer: serialization.Answer, query: Query) -> tuple[serialization.Answer, bool]:
    """The answer, and whether it is empty or leaves a variable unbound, as far as that is known
    before it is written."""
    match answer:
        case QueryBoolean():
            return answer, not answer
        case QuerySolutions():
            text = query.text
            return answer, any(only_selected(text, each.value) for each in answer.variables)
        case QueryTriples() if query.hints:
            first = next(answer, None)
            return (answer, True) if first is None else (chain((first,), answer), False)
        case _:
            return answer, False


def _counts(solutions: int | None, text: str) -> bool:
    """Whether the single solution may be a count of nothing."""
    return solutions == 1 and "COUNT" in text.upper()


def _translated(error: Exception, text: str, format_name: str | None = None) -> ProblemError:
    """Return the problem for an evaluation that failed.

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
