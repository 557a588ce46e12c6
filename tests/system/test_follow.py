"""`serve --follow`: a replica takes another instance's revisions, whole and checked, or not at all;
it answers over one revision at a time, and outlives its leader and itself."""

import errno
import filecmp
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
from pyoxigraph import NamedNode, Quad

from spacepolicy import checksums
from spacepolicy.engine.remote_protocol import bearer
from spacepolicy.engine.snapshot import load
from spacepolicy.errors import UsageError
from spacepolicy.replication.follower import Follower
from spacepolicy.replication.leader import FollowingError, Leader
from spacepolicy.settings import SETTINGS
from spacepolicy.store import current_revision, revision_folders
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.publication import RevisionStatement, step
from spacepolicy.store.revision import Change, Counts, Revision
from spacepolicy.store.revision_writer import DurableStore

from .conftest import Program, Serve, Server
from .leaders import FolderLeader, leading
from .stores_elsewhere import free_port

EMPTY = ("--content", "none", "--default-graph", "stored")
OFTEN = ("--follow-interval", "0.05")
PATIENCE_SECONDS = 60
P = NamedNode("urn:p")


# A store of some revisions, and a follower of it


def publish(store: Path, count: int, *, memory_quads: int = 1000) -> None:
    """Publish so many revisions, each of two more statements, with what each says of itself; each
    has a generation where the dataset is larger than the memory."""
    with DurableStore(store, memory_quads=memory_quads) as durable:
        for _ in range(count):
            before = durable.revision.counts.record if durable.revision else 0
            node = NamedNode(f"urn:s{before}")
            added = tuple(Quad(node, P, NamedNode(f"urn:o{n}"), NamedNode("urn:g")) for n in "ab")
            change = Change(added=added, created=() if before else (NamedNode("urn:g"),))
            digest = RecordDigest([*durable.live, *added]).hexdigest()
            said = RevisionStatement("test", "two more", Counts(before + 2, graphs=1), digest, "")
            durable.apply(change)
            durable.publish([step(change, said)])


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three revisions; the last two rest on the generation of the first."""
    store = tmp_path_factory.mktemp("three") / "store"
    revision_folders.open_store(store, "stored")
    publish(store, 3)
    return store


@pytest.fixture
def leader(three: Path, tmp_path: Path) -> Iterator[FolderLeader]:
    """A leader over a copy of that store."""
    shutil.copytree(three, tmp_path / "leader")
    with leading(FolderLeader(tmp_path / "leader")) as found:
        yield found


@contextmanager
def follower(
    leader: FolderLeader, store: Path, keep: int = 100, token: str | None = None
) -> Iterator[Follower]:
    asked = Leader(leader.url, bearer(token) if token else None)
    try:
        yield Follower(store, asked, keep)
    finally:
        asked.close()


def follow(leader: FolderLeader, store: Path) -> int:
    """The number of the revision that a follower has put in force, asking once."""
    with follower(leader, store) as following:
        return following.follow()


def in_force(store: Path) -> Revision:
    found = revision_folders.current(store)
    assert found is not None
    return found


def differences(store: Path, other: Path) -> list[str]:
    """The files of revisions that are not the same, byte for byte, in both stores."""
    folders = (store / current_revision.REVISIONS, other / current_revision.REVISIONS)
    names = {
        file.relative_to(folder).as_posix()
        for folder in folders
        for file in folder.rglob("*")
        if file.is_file() and "altered" not in file.parts
    }
    _, unlike, missing = filecmp.cmpfiles(*folders, names, shallow=False)
    return sorted(unlike + missing)


def test_the_first_copy_has_all_revisions_and_is_a_store_like_any_other(
    leader: FolderLeader, tmp_path: Path
) -> None:
    store = tmp_path / "replica"
    assert follow(leader, store) == 3
    assert differences(store, leader.store) == []
    assert set(load(in_force(store).dataset)) == set(load(in_force(leader.store).dataset))
    assert revision_folders.history(store).lost == {}
    publish(store, 1)  # once nothing is followed, it is written as any other
    assert in_force(store).number == 4


def test_what_came_since_is_taken_as_patches(leader: FolderLeader, tmp_path: Path) -> None:
    store = tmp_path / "replica"
    with follower(leader, store) as following:
        following.follow()
        leader.asked.clear()
        publish(leader.store, 2)
        assert following.follow() == 5
        assert differences(store, leader.store) == []
        assert not [path for path in leader.asked if "generation" in path]
        assert following.follow() == 5
    assert leader.asked[-2:] == ["/revisions?limit=1", "/revisions/5/files/revision.json"]


def test_of_a_later_generation_only_new_files_are_fetched_and_old_ones_are_dropped(
    leader: FolderLeader, tmp_path: Path
) -> None:
    store = tmp_path / "replica"
    with follower(leader, store, keep=1) as following:
        following.follow()
        publish(leader.store, 2, memory_quads=0)
        leader.asked.clear()
        assert following.follow() == 5
    assert in_force(store).generation == 0
    assert not (current_revision.folder(store, 1) / "generation").exists()
    first, last = (checksums.read(current_revision.folder(leader.store, n)) or {} for n in (1, 5))
    here = {each.sha256 for name, each in first.items() if name.startswith("generation/")}
    new = {name for name, each in last.items() if "/" in name and each.sha256 not in here}
    taken = [path.partition("/files/")[2] for path in leader.asked if "generation/" in path]
    assert sorted(taken) == sorted(new)
    assert in_force(store).is_kept
    assert len(load(in_force(store).dataset)) == 10


@pytest.mark.usefixtures("shipped_store")
def test_a_revision_made_of_files_is_taken_with_what_is_inferred(
    shipped_store: Path, tmp_path: Path
) -> None:
    store = tmp_path / "replica"
    with leading(FolderLeader(shipped_store)) as shipped:
        assert follow(shipped, store) == 1
    assert differences(store, shipped_store) == []
    assert json.loads((store / "store.json").read_text())["mode"] == "merged"
    assert not (store / "tokens.json").exists()


def refused(leader: FolderLeader, store: Path) -> FollowingError:
    """Why the leader is not followed; the store is as it was."""
    before = revision_folders.current(store) if store.exists() else None
    with pytest.raises(FollowingError) as told:
        follow(leader, store)
    assert (revision_folders.current(store) if store.exists() else None) == before
    return told.value


@pytest.mark.parametrize("first", [True, False], ids=["snapshot", "patch"])
def test_a_patch_that_leads_to_another_record_is_refused(
    first: bool, leader: FolderLeader, tmp_path: Path
) -> None:
    store = tmp_path / "replica"
    if not first:
        leader.newest = 2
        follow(leader, store)
        leader.newest = None
    patch = (current_revision.folder(leader.store, 3) / "changes.rdfp").read_bytes()
    leader.alter(3, "changes.rdfp", patch.replace(b"urn:oa", b"urn:ob"), honest=True)
    told = refused(leader, store)
    assert told.reason == "damaged"
    assert "record of revision 3" in str(told)
    leader.altered.clear()  # mended there, it is taken
    assert follow(leader, store) == 3


@pytest.mark.parametrize("size", [-1, 0, 1])
def test_a_file_with_other_bytes_than_its_checksum_says_is_refused(
    size: int, leader: FolderLeader, tmp_path: Path
) -> None:
    content = (current_revision.folder(leader.store, 1) / "changes.rdfp").read_bytes()
    other = content[:-1] if size < 0 else content[:-1] + b"?" + b"?" * size
    leader.alter(1, "changes.rdfp", other, honest=False)
    assert refused(leader, tmp_path / "replica").reason == "damaged"


@pytest.mark.parametrize(
    "name", ["../../../escaped", "/escaped", "generation/../x", "unpublished", "live/CURRENT"]
)
def test_no_file_is_written_elsewhere(name: str, leader: FolderLeader, tmp_path: Path) -> None:
    sums = {
        **(checksums.read(current_revision.folder(leader.store, 1)) or {}),
        name: checksums.Checksum(1, "0" * 64, copy="x"),
    }
    leader.alter(1, checksums.NAME, checksums.text(sums), honest=False)
    assert refused(leader, tmp_path / "replica").reason == "damaged"
    assert not [path for path in leader.asked if "escaped" in path]
    assert not list(tmp_path.rglob("*escaped*"))


def test_an_older_or_another_history_is_refused_and_never_mixed(
    leader: FolderLeader, three: Path, tmp_path: Path
) -> None:
    store, older, other = (tmp_path / name for name in ("replica", "older", "other"))
    publish(leader.store, 1)
    follow(leader, store)
    shutil.copytree(three, older)
    with leading(FolderLeader(older)) as restored:
        told = refused(restored, store)
        assert (told.reason, "is at revision 3" in str(told)) == ("history", True)
    publish(older, 2)  # of other times than those that the replica has
    with leading(FolderLeader(older)) as restored:
        told = refused(restored, store)
        assert (told.reason, "another revision 4" in str(told)) == ("history", True)
    revision_folders.open_store(other, "merged")
    with pytest.raises(Exception, match="--default-graph"):
        follow(leader, other)


def test_a_redirect_is_not_followed_and_the_token_goes_to_the_leader_alone(
    leader: FolderLeader, tmp_path: Path
) -> None:
    with leading(FolderLeader(leader.store)) as elsewhere:
        leader.redirect = elsewhere.url
        with (
            follower(leader, tmp_path / "replica", token="secret") as following,  # noqa: S106
            pytest.raises(FollowingError, match="sends requests on") as told,
        ):
            following.follow()
        assert told.value.reason == "address"
        assert leader.authorised == {"Bearer secret"}
        assert elsewhere.asked == []


def test_a_full_disk_is_no_fault_of_the_leader(leader: FolderLeader) -> None:
    def full(_: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    asked = Leader(leader.url)
    with pytest.raises(FollowingError, match="No space") as told:
        asked.fetch(1, "changes.rdfp", full, 1 << 20)
    assert told.value.reason == "storage"


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "http://user:word@a.example", "a.example", "http://a.example?x"]
)
def test_what_is_no_address_of_a_leader_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="follow"):
        SETTINGS["follow"].fitting(url)


# The process that follows, killed


def process(leader: FolderLeader, store: Path) -> "subprocess.Popen[str]":
    module = "spacepolicy.replication.follower_main"
    return subprocess.Popen(
        [sys.executable, "-m", module, str(store), leader.url, "0.05", "100"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_kill_at_any_moment_leaves_the_store_as_it_was_and_nothing_is_fetched_twice(
    leader: FolderLeader, tmp_path: Path
) -> None:
    store = tmp_path / "replica"
    reached, count, last = threading.Event(), 0, 0

    def stop(path: str) -> None:
        """Hold an answer back until the process that asks is killed."""
        nonlocal count
        count += "/files/" in path
        if count == last:
            reached.set()
            time.sleep(PATIENCE_SECONDS)

    leader.wait = stop
    for moment in (2, 4, 7, 10):
        count, last = 0, moment
        reached.clear()
        with process(leader, store) as following:
            assert reached.wait(PATIENCE_SECONDS)
            following.kill()
        assert not store.exists() or revision_folders.current(store) is None
    last = 0
    with process(leader, store) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["number"] == 3
        following.kill()
    assert in_force(store).number == 3
    assert differences(store, leader.store) == []
    tables = [path for path in leader.asked if path.endswith(".sst")]
    assert len(tables) == len(set(tables))


def test_the_process_ends_with_the_service(leader: FolderLeader, tmp_path: Path) -> None:
    with process(leader, tmp_path / "replica") as following:
        assert following.stdout is not None
        assert following.stdin is not None
        told = json.loads(following.stdout.readline())
        assert (told["number"], told["newest"], told["fault"]) == (3, 3, None)
        following.stdin.close()
        assert following.wait(PATIENCE_SECONDS) == 0


# Two services


def until(holds: Callable[[], object]) -> None:
    """Wait until it holds.

    Raises: AssertionError where it does not in time.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass(frozen=True)
class Pair:
    """A leader at a port of its own, and what starts a replica of it."""

    serve: Serve
    program: Program
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def replica_store(self) -> Path:
        return self.program.store.with_name("replica")

    def lead(self) -> Server:
        return self.serve(*EMPTY, "--port", str(self.port))

    def follow(self, *more: str) -> Server:
        store = ("--store", str(self.replica_store))
        return self.serve(*store, "--content", "none", "--follow", self.url, *OFTEN, *more)

    def write(self, client: httpx.Client, number: int) -> None:
        """Two statements more, in a revision of their own."""
        body = f"<urn:s{number}> <urn:p> 1, 2 ."
        answer = client.post(f"{self.url}/graphs?graph=urn:g", content=body)
        assert answer.is_success, answer.text


@pytest.fixture
def pair(serve: Serve, program: Program) -> Pair:
    return Pair(serve, program, free_port())


def writing(program: Program) -> httpx.Client:
    made = program.run("token", "new", "--scope", "write", "--store", str(program.store))
    fields = {"Authorization": f"Bearer {made.stdout.strip()}", "Content-Type": "text/turtle"}
    return httpx.Client(headers=fields, timeout=PATIENCE_SECONDS)


def ready(server: Server) -> dict[str, object]:
    answer = httpx.get(f"{server.url}/readyz", timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


def replica_of(server: Server) -> dict[str, object]:
    found = ready(server)["replica"]
    assert isinstance(found, dict)
    return found


def serves(server: Server, number: int) -> bool:
    return ready(server)["revision"] == number


def has_fault(server: Server, *, expected: bool) -> bool:
    return ("fault" in replica_of(server)) == expected


COUNT = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } #%s"


def test_readers_of_a_replica_see_one_revision_at_a_time_while_it_follows(pair: Pair) -> None:
    leader = pair.lead()
    replica = pair.follow()
    wrong: list[tuple[int, int]] = []
    seen: set[int] = set()
    stopped = threading.Event()

    def read(name: int) -> None:
        with httpx.Client(timeout=PATIENCE_SECONDS) as client:
            number = 0
            while not stopped.is_set():
                number += 1  # each text is new, so that none is answered from the cache
                asked = {"query": COUNT % f"{name} {number}", "format": "csv"}
                answer = client.get(f"{replica.url}/sparql", params=asked)
                assert answer.status_code == 200
                revision = int(answer.headers["x-dataset-revision"])
                count = int(answer.text.split()[1])
                seen.add(revision)
                if count != 2 * (revision - 1):
                    wrong.append((revision, count))

    readers = [threading.Thread(target=read, args=(name,)) for name in range(2)]
    for each in readers:
        each.start()
    with writing(pair.program) as client:
        for number in range(30):
            pair.write(client, number)
            if number % 10 == 9:  # readers are to see some of those between
                until(partial(serves, replica, number + 2))
    until(partial(serves, replica, 31))
    stopped.set()
    for each in readers:
        each.join()
    assert wrong == []
    assert len(seen) > 3
    assert differences(pair.replica_store, pair.program.store) == []
    graph = "graphs?graph=urn:g"
    etag = httpx.get(f"{replica.url}/{graph}").headers["etag"]
    with writing(pair.program) as client:  # what was read at the replica is a condition there
        for status in (204, 412):
            fields = {"If-Match": etag}
            answer = client.put(
                f"{leader.url}/{graph}", content="<urn:a> <urn:b> 1 .", headers=fields
            )
            assert answer.status_code == status, answer.text


def test_a_replica_outlives_its_leader_and_itself_and_says_how_far_it_is(pair: Pair) -> None:
    leader = pair.lead()
    with writing(pair.program) as client:
        pair.write(client, 1)
        replica = pair.follow()
        told = replica_of(replica)
        assert (told["leader"], told["behind"], "fault" in told) == (pair.url, 0, False)

        # writes are refused, with who takes them
        assert pair.url in httpx.put(f"{replica.url}/graphs?graph=urn:g", content=b"").text
        update = {"update": "INSERT DATA { <urn:a> <urn:b> 1 }"}
        refused = httpx.post(f"{replica.url}/sparql", data=update)
        assert (refused.status_code, pair.url in refused.text) == (403, True)
        file = pair.program.folder / "more.nt"
        file.write_text("<urn:a> <urn:b> <urn:c> .\n")
        done = pair.program.run("import", str(file), "--store", str(pair.replica_store))
        assert (done.returncode != 0, pair.url in done.stderr) == (True, True), done.stderr

        # the process that follows is killed, and another takes up where it was
        pair.write(client, 2)
        kill_follower(replica)
        until(partial(serves, replica, 3))

        leader.end(signal.SIGKILL)
        until(partial(has_fault, replica, expected=True))
        told = replica_of(replica)
        assert (told["behind"], "cannot be reached" in str(told["fault"])) == (0, True)
        assert replica.ask(COUNT % "").text.split() == ["n", "4"]
        metrics = httpx.get(f"{replica.url}/metrics").text
        assert "spacepolicy_replica_behind_revisions 0.0" in metrics
        assert "spacepolicy_replica_lag_seconds " in metrics
        failed = metrics.partition('replica_faults_total{reason="unreachable"} ')[2]
        assert float(failed.split()[0]) >= 1

        # without a leader it starts with what it has
        replica.end(signal.SIGKILL)
        replica = pair.follow()
        assert replica.ask(COUNT % "").text.split() == ["n", "4"]
        told = replica_of(replica)
        assert told["heard"] is None

        # and takes up again once there is one
        pair.lead()
        pair.write(client, 3)
        until(partial(serves, replica, 4))
        until(partial(has_fault, replica, expected=False))
        assert replica.ask(COUNT % "").text.split() == ["n", "6"]
        files = f"{pair.url}/revisions/4/files"
        listed = json.loads(httpx.get(f"{files}/checksums.json").text.rpartition("}")[0] + "}")
        assert {"revision.json", "changes.rdfp", "graphs.txt"} == listed.keys()
        part = httpx.get(f"{files}/changes.rdfp", headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, b"TX .")
        for name in ("..%2f..%2f..%2ftokens.json", "../../current", "generation/CURRENT", "x"):
            assert httpx.get(f"{files}/{name}").status_code == 404


def kill_follower(replica: Server) -> None:
    """Kill the process that follows for the replica."""
    children = Path(f"/proc/{replica.process.pid}/task").glob("*/children")
    numbers = [int(word) for each in children for word in each.read_text().split()]
    for number in numbers:
        with suppress(OSError):
            if b"follower_main" in Path(f"/proc/{number}/cmdline").read_bytes():
                os.kill(number, signal.SIGKILL)
                return
    raise AssertionError(numbers)


@pytest.mark.parametrize("status", ["refused", "nothing"])
def test_a_first_start_that_cannot_succeed_ends_with_a_word(
    status: str, program: Program, leader: FolderLeader
) -> None:
    if status == "nothing":
        leader.altered["/revisions?limit=1"] = b"<html>"
    else:
        leader.redirect = "http://127.0.0.1:9"
    store = ("--store", str(program.store), "--content", "none", "--port", "0")
    done = program.run("serve", *store, "--follow", leader.url)
    assert done.returncode == 2
    assert leader.url in done.stderr
    assert "Traceback" not in done.stderr
