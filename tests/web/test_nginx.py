"""The site behind nginx, which strips a prefix from the paths or tells which address was asked."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import httpx
import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from spacepolicy.formats import offered
from spacepolicy.web.service import Service

from ..engine.processes import PATIENCE_SECONDS, within
from .conftest import SHIPPED_BASE, serve

pytestmark = pytest.mark.debian

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /data/ {{ proxy_pass http://127.0.0.1:{behind}/; }}
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_set_header Forwarded 'for=$remote_addr;host="$http_host";proto=$scheme';
    }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, port: int, behind: int) -> Iterator[None]:
    """nginx in the foreground, until the block ends."""
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, behind=behind))
    with subprocess.Popen(
        ["/usr/sbin/nginx", "-p", str(folder), "-c", str(configuration), "-e", "stderr"]
    ) as process:
        try:
            assert within(PATIENCE_SECONDS, lambda: process.poll() is not None or answers(port))
            assert process.poll() is None
            yield
        finally:
            process.terminate()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def local_links(answer: httpx.Response, start: str) -> set[str]:
    """Where the Link and Location fields and the links of a page lead, on this machine."""
    fields = [to for f in answer.headers.get_list("link") for to in re.findall("<([^>]*)>", f)]
    page = "text/html" in answer.headers["content-type"]
    found = re.findall(r'(?:href|action)="([^"]*)"', answer.text) if page else []
    said = [*fields, *(each.replace("&amp;", "&") for each in found)]
    absolute = {urldefrag(urljoin(str(answer.url), each)).url for each in said}
    return {each for each in absolute if each.startswith(start)}


def test_behind_a_proxy_that_strips_a_prefix_every_link_answers(
    shipped_service: Service, tmp_path: Path
) -> None:
    port = free_port()
    outside = f"http://127.0.0.1:{port}/data"
    with (
        serve(replace(shipped_service, public_url=outside)) as site,
        nginx(tmp_path, port, site.address[1]),
        httpx.Client(follow_redirects=True, timeout=30) as client,
    ):
        waiting, seen = [f"{outside}/", f"{outside}/doc/def/Task.html"], set[str]()
        while waiting and len(seen) < 40:
            url = waiting.pop(0)
            if url in seen or url.endswith(("/sparql", "/search", "/explain")):
                continue
            seen.add(url)
            answer = client.get(url, headers={"Accept": "text/html"})
            assert answer.status_code == 200, (url, answer.text[:200])
            assert str(site.client.base_url) not in answer.text + str(answer.headers)
            links = local_links(answer, f"http://127.0.0.1:{port}/")
            assert all(each.startswith(f"{outside}/") for each in links), url
            waiting += sorted(links - seen)
        assert len(seen) == 40
        for path in ("id/technology/reusable-rocket", "def/Task", "source/shanghai-2022-opinions"):
            for row in offered("graph"):
                answer = client.get(f"{outside}/{path}", headers={"Accept": row.media_type})
                assert answer.headers["content-type"].partition(";")[0] == row.media_type
                assert answer.url.path.startswith("/data/")
                assert str(site.client.base_url) not in answer.text
                if row.name == "turtle":
                    told = parse(answer.content, RdfFormat.TURTLE)
                    assert NamedNode(SHIPPED_BASE + path) in {quad.subject for quad in told}


def test_behind_a_proxy_that_tells_its_address_links_lead_there(
    shipped_service: Service, tmp_path: Path
) -> None:
    port = free_port()
    networks = (ip_network("127.0.0.1"),)
    with (
        serve(replace(shipped_service, trusted_proxies=networks)) as site,
        nginx(tmp_path, port, site.address[1]),
    ):
        for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
            url = f"http://127.0.0.1:{port}/id/technology/reusable-rocket"
            answer = httpx.get(url, headers={"Host": host}, timeout=30)
            location = f"http://{host}/doc/id/technology/reusable-rocket"
            assert (answer.status_code, answer.headers["location"]) == (303, location)
