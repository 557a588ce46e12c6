"""What `deploy/` promises: recipes are read by parsers, and run where there is what runs them."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from spacepolicy.cli import COMMANDS
from spacepolicy.settings import SETTINGS

from .stores_elsewhere import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
STORE = "/var/lib/spacepolicy"
PATIENCE_SECONDS = 30


# A recipe of an image


@dataclass(frozen=True)
class Instruction:
    """An instruction of a recipe: its word in capitals, and its arguments as they stand."""

    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The arguments; those of the exec form are a JSON array."""
        if self.rest.startswith("["):
            found: list[str] = json.loads(self.rest)
            return found
        return shlex.split(self.rest)


def instructions(text: str) -> list[Instruction]:
    """The instructions of a recipe, without comments, each with its continued lines."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    parts = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [Instruction(word.upper(), " ".join(rest.split())) for word, rest in parts]


def stages(recipe: list[Instruction]) -> list[list[Instruction]]:
    """The instructions of each stage, which begins with its FROM."""
    found: list[list[Instruction]] = []
    for each in recipe:
        if each.word == "FROM":
            found.append([])
        if found:
            found[-1].append(each)
    return found


RECIPE = instructions((DEPLOY / "Containerfile").read_text(encoding="utf-8"))
BUILD, FINAL = stages(RECIPE)


def only(stage: list[Instruction], word: str) -> Instruction:
    [found] = [each for each in stage if each.word == word]
    return found


def variables(stage: list[Instruction]) -> dict[str, str]:
    """What ENV sets."""
    pairs = (pair.split("=", 1) for each in stage if each.word == "ENV" for pair in each.words)
    return dict(pairs)


def fitting_settings(environment: Mapping[str, str]) -> dict[str, object]:
    """The settings that the environment gives, each as the service takes it.

    Raises: KeyError where there is no such setting, UsageError where the value does not fit.
    """
    known = {each.variable: each for each in SETTINGS.values()}
    given = {name: value for name, value in environment.items() if name.startswith("SPACEPOLICY_")}
    return {known[name].name: known[name].fitting(value) for name, value in given.items()}


def test_the_image_runs_as_a_user_without_rights() -> None:
    user, _, group = only(FINAL, "USER").rest.partition(":")
    assert int(user) > 0
    assert int(group) > 0
    made = " ".join(each.rest for each in FINAL if each.word == "RUN")
    assert f"--uid {user} " in made
    assert f"--gid {group} " in made
    behind = FINAL[FINAL.index(only(FINAL, "USER")) :]
    assert not [each for each in behind if each.word in ("RUN", "COPY", "ADD")]


def test_no_instruction_names_a_registry_or_fetches_an_address() -> None:
    arguments = dict(each.rest.split("=", 1) for each in RECIPE if each.word == "ARG")
    for stage in (BUILD, FINAL):
        image = re.sub(r"\$\{(\w+)\}", lambda name: arguments[name[1]], stage[0].words[0])
        assert re.fullmatch(r"[a-z]+:[0-9][\w.-]*", image), "a name and a version, without a host"
    assert not [each for each in RECIPE if each.word == "ADD"]
    fetched = [each for each in RECIPE if "://" in each.rest and each.word != "HEALTHCHECK"]
    assert fetched == []


def test_all_that_is_installed_has_a_hash_or_is_this_package() -> None:
    installs = [each.words for each in BUILD if each.word == "RUN" and "pip" in each.words[0]]
    assert len(installs) == 3
    for words in installs:
        assert words[:2] == ["pip", "install"]
        assert "--no-deps" in words
        assert "--require-hashes" in words or words[-1] == "."
    locks = [word for words in installs for word in words if word.startswith("locks/")]
    assert locks == ["locks/build.txt", "locks/run.txt"]


def test_what_is_copied_is_there_and_is_all_that_a_package_is_built_from() -> None:
    copied = {word.rstrip("/") for each in BUILD if each.word == "COPY" for word in each.words[:-1]}
    assert [name for name in copied if not (ROOT / name).exists()] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    needed = {Path(each).parts[0] for each in wheel}
    needed |= {"pyproject.toml", "hatch_build.py", "locks", project["project"]["readme"]}
    assert needed | {*project["project"]["license-files"]} == copied
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == copied


def test_the_settings_of_the_image_fit_and_its_store_is_in_the_volume() -> None:
    chosen = fitting_settings(variables(FINAL))
    assert chosen["host"] == "0.0.0.0"  # noqa: S104 # inside of a container
    assert chosen["port"] == int(only(FINAL, "EXPOSE").rest)
    volume = only(FINAL, "VOLUME").rest
    assert Path(str(chosen["store"])).is_relative_to(volume)
    made = next(each for each in FINAL if each.word == "RUN").words
    assert made[-1] == volume, "the volume takes its owner from the folder"


def test_the_image_starts_a_command_that_there_is() -> None:
    assert only(FINAL, "ENTRYPOINT").words == ["spacepolicy"]
    [command] = only(FINAL, "CMD").words
    assert command in {each.name for each in COMMANDS}


def health_commands() -> Iterator[list[str]]:
    """What the image and the compose file ask of the health."""
    check = only(FINAL, "HEALTHCHECK").rest
    yield json.loads(check[check.index("CMD") + 3 :])
    yield service()["healthcheck"]["test"][1:]


@pytest.mark.parametrize("status", [200, 503])
def test_a_service_is_healthy_when_it_is_ready(status: int) -> None:
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for command, *arguments in health_commands():
            assert command == "python"
            port = f":{server.server_port}/"
            here = [each.replace(":8000/", port) for each in arguments]
            done = subprocess.run([sys.executable, *here], capture_output=True, check=False)
            assert (done.returncode == 0) == (status == 200)
        server.shutdown()
    assert asked == ["/readyz", "/readyz"]


# The compose file


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    """The file, with each variable at its default."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    assert "$" not in json.dumps(found)
    return found


def service() -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"]["service"]
    return found


@pytest.mark.parametrize(
    ("file", "name"),
    [("compose.yaml", "service"), ("compose.yaml", "proxy"), ("replica.yaml", "replica")],
)
def test_no_container_has_rights_or_writes_its_file_system(file: str, name: str) -> None:
    one = compose(file)["services"][name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert int(one["user"].partition(":")[0]) > 0
    assert [each.partition(":")[0] for each in one["tmpfs"]] == ["/tmp"]  # noqa: S108
    assert "privileged" not in one
    assert one["mem_limit"]
    assert one["restart"] == "unless-stopped"


def test_the_service_of_the_compose_file_is_the_image_of_the_recipe() -> None:
    one = service()
    build = one["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert ROOT / build["dockerfile"] == DEPLOY / "Containerfile"
    assert one["user"] == only(FINAL, "USER").rest
    assert one["volumes"] == [f"store:{only(FINAL, 'VOLUME').rest}"]
    assert compose()["volumes"].keys() == {"store"}
    chosen = fitting_settings(one["environment"])
    [subnet] = compose()["networks"]["inside"]["ipam"]["config"]
    assert chosen["trusted_proxies"] == subnet["subnet"]
    assert "ports" not in one, "it is reached by the proxy alone"


def test_the_proxy_waits_for_the_service_and_leads_to_it() -> None:
    proxy = compose()["services"]["proxy"]
    assert proxy["depends_on"] == {"service": {"condition": "service_healthy"}}
    [mount] = proxy["volumes"]
    file, _, options = mount.split(":")
    assert (DEPLOY / file).is_file()
    assert options == "ro"
    [port] = proxy["ports"]
    host, _, inside = port.split(":")
    assert host == "127.0.0.1"
    block = nginx_blocks((DEPLOY / "nginx.conf").read_text(encoding="utf-8"))
    [http] = [each for each in block if each[0] == ["http"]]
    servers = {name[0]: body for name, body in http[1] if name[0] in ("server", "upstream")}
    assert (["listen", inside], []) in servers["server"]
    expected = f"service:{only(FINAL, 'EXPOSE').rest}"
    assert (["server", expected], []) in servers["upstream"]
    assert block[1] == (["pid", "/tmp/nginx.pid"], [])  # noqa: S108
    temporary = [name[1] for name, _ in http[1] if name[0].endswith("_temp_path")]
    assert len(temporary) == 5
    assert all(path.startswith("/tmp/") for path in temporary)  # noqa: S108


def test_the_replica_follows_the_service_under_the_same_address() -> None:
    found = compose("replica.yaml")
    one, proxy = found["services"]["replica"], found["services"]["proxy"]
    chosen = fitting_settings(one["environment"])
    assert chosen.pop("follow") == f"http://service:{only(FINAL, 'EXPOSE').rest}"
    assert chosen == fitting_settings(service()["environment"])
    assert one["healthcheck"] == service()["healthcheck"]
    assert one["volumes"] == [f"replica:{only(FINAL, 'VOLUME').rest}"]
    assert found["volumes"].keys() == {"replica"}
    assert proxy["volumes"] == ["./nginx-replica.conf:/etc/nginx/nginx.conf:ro"]


class Front(BaseHTTPRequestHandler):
    """One of two instances, which says which it is."""

    def answer(self) -> None:
        body = str(self.server.server_port).encode()  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer  # noqa: N815 # as the library names them

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.debian
def test_behind_the_proxy_writes_go_to_the_leader_and_reads_to_whichever_answers(
    tmp_path: Path,
) -> None:
    text = (DEPLOY / "nginx-replica.conf").read_text(encoding="utf-8")
    port = free_port()
    with (
        HTTPServer(("127.0.0.1", 0), Front) as leader,
        HTTPServer(("127.0.0.1", 0), Front) as other,
    ):
        for server in (leader, other):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        for word, here in (
            ("/tmp/", f"{tmp_path}/"),  # noqa: S108
            ("service:8000", f"127.0.0.1:{leader.server_port}"),
            ("replica:8000", f"127.0.0.1:{other.server_port}"),
            ("listen 8080", f"listen 127.0.0.1:{port}"),
        ):
            assert word in text
            text = text.replace(word, here)
        (tmp_path / "nginx.conf").write_text(f"daemon off; master_process off;\n{text}")
        command = ["/usr/sbin/nginx", "-p", f"{tmp_path}", "-c", "nginx.conf", "-e", "stderr"]
        with subprocess.Popen(command) as proxy, httpx.Client() as client:
            url = f"http://127.0.0.1:{port}"
            try:
                assert answers(f"{url}/"), "nginx takes the configuration"
                token = {"Authorization": "Bearer x"}
                asked = [
                    client.put(f"{url}/graphs?graph=urn:g", content=b"x", headers=token),
                    client.put(f"{url}/graphs?graph=urn:g", content=b"x"),
                    client.post(f"{url}/sparql", content=b"x", headers=token),
                    client.get(f"{url}/sparql", headers=token),
                ]
                assert {each.text for each in asked} == {str(leader.server_port)}
                for gone, left in ((leader, other), (other, None)):
                    gone.shutdown()
                    gone.server_close()
                    answer = client.get(f"{url}/sparql")
                    if left is not None:
                        assert answer.text == str(left.server_port)
                assert answer.status_code == 502
                for path in ("/metrics", "/running/x", "/revisions/1/files/checksums.json"):
                    assert client.get(f"{url}{path}").status_code == 404
            finally:
                proxy.terminate()


def answers(url: str) -> bool:
    """Whether something answers there in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            return httpx.get(url).status_code == 200
        except httpx.TransportError:
            time.sleep(0.05)
    return False


Block = list[tuple[list[str], "Block"]]


def nginx_blocks(text: str) -> Block:
    """The directives of a configuration of nginx, each with those of its block."""
    tokens = iter(re.findall(r'[{};]|"[^"]*"|[^\s{};"]+', re.sub(r"#[^\n]*", "", text)))

    def block() -> Block:
        found: Block = []
        words: list[str] = []
        for each in tokens:
            if each == "}":
                return found
            if each in "{;":
                found.append((words, block() if each == "{" else []))
                words = []
            else:
                words.append(each.strip('"'))
        return found

    return block()


# systemd


UNIT = DEPLOY / "spacepolicy.service"


def unit() -> RawConfigParser:
    """The unit, of whose settings that stand several times the last is read."""
    found = RawConfigParser(strict=False, delimiters="=", comment_prefixes="#")
    found.optionxform = str  # type: ignore[assignment,method-assign] # names have capitals
    found.read(UNIT, encoding="utf-8")
    return found


def test_the_unit_is_without_rights_and_writes_its_state_alone() -> None:
    section = unit()["Service"]
    on = ("DynamicUser", "NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices",
          "ProtectKernelModules", "ProtectKernelTunables", "RestrictNamespaces")  # fmt: skip
    assert [name for name in on if section[name] != "yes"] == []
    assert section["ProtectSystem"] == "strict"
    assert section["CapabilityBoundingSet"] == ""
    assert "ReadWritePaths" not in section
    pairs = dict(each.split("=", 1) for each in shlex.split(section["Environment"]))
    chosen = fitting_settings(pairs)
    assert chosen["store"] == f"%S/{section['StateDirectory']}/store"
    program, command = section["ExecStart"].split()
    assert program == "/opt/spacepolicy/bin/spacepolicy"
    assert command == "serve"


@pytest.fixture
def installed_unit(tmp_path: Path) -> Path:
    """The unit, with a program that is on this machine."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    program = str(Path(sys.executable).with_name("spacepolicy"))
    path = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    path.write_text(text.replace("/opt/spacepolicy/bin/spacepolicy", program), encoding="utf-8")
    return path


def test_systemd_finds_nothing_wrong_with_the_unit(installed_unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", installed_unit], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, ours) == (0, [])


def test_systemd_judges_the_unit_to_be_well_protected(installed_unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20"]
    done = subprocess.run([*command, installed_unit], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


# What runs them


def runtime() -> str | None:
    """What runs containers here, where its service answers."""
    for name in ("podman", "docker"):
        found = shutil.which(name)
        if (
            found
            and subprocess.run([found, "info"], capture_output=True, check=False).returncode == 0
        ):
            return name
    return None


@pytest.mark.alone
def test_the_image_answers_without_rights_over_a_file_system_that_is_read_only() -> None:
    program = runtime()
    if program is None:
        pytest.skip("nothing here runs containers")

    def run(*arguments: str) -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    format = ("--format", "docker") if program == "podman" else ()
    run("build", *format, "-f", str(DEPLOY / "Containerfile"), "-t", "spacepolicy-test", str(ROOT))
    rights = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
    places = ("--tmpfs=/tmp", "--publish=127.0.0.1::8000")
    container = run("run", "--detach", *rights, *places, "spacepolicy-test")
    try:
        address = run("port", container, "8000").splitlines()[0]
        deadline = time.monotonic() + 300
        while health(program, container) != "healthy":
            assert time.monotonic() < deadline, run("logs", container)
            time.sleep(1)
        answer = httpx.get(f"http://{address}/sparql", params={"query": "ASK { ?s ?p ?o }"})
        assert answer.json()["boolean"] is True
        user = run("exec", container, "python", "-c", "import os; print(os.getuid())")
        assert user == only(FINAL, "USER").rest.partition(":")[0]
        run("stop", "--time", "10", container)
        assert run("inspect", "--format", "{{.State.ExitCode}}", container) == "0"
    finally:
        run("rm", "--force", "--volumes", container)


def health(program: str, container: str) -> str:
    command = [program, "inspect", "--format", "{{.State.Health.Status}}", container]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.debian
def test_the_proxy_leads_to_the_service_and_keeps_its_metrics_to_itself(tmp_path: Path) -> None:
    seen: list[tuple[str, str | None]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["X-Request-Id"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as behind:
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        port = free_port()
        text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        for there, here in (
            ("/tmp/", f"{tmp_path}/"),  # noqa: S108 # as the file has it
            ("service:8000;", f"127.0.0.1:{behind.server_port};"),
            ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ):
            assert there in text
            text = text.replace(there, here)
        (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
        command = ["/usr/sbin/nginx", "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;"]
        with subprocess.Popen([*command, "-e", "stderr"]) as proxy:
            try:
                with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                    wait_for(client)
                    assert client.get("/metrics").status_code == 404
                    assert client.get("/metrics/").text == "ok"
                    client.get("/a", headers={"X-Request-Id": "mine"})
                    client.get("/b?c=%2F")
            finally:
                proxy.terminate()
        behind.shutdown()
    asked = dict(seen)
    assert "/metrics" not in asked
    assert asked["/a"] == "mine"
    assert re.fullmatch("[0-9a-f]{32}", asked["/b?c=%2F"] or "")


def wait_for(client: httpx.Client) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            client.get("/")
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
