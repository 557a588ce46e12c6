"""What crawlers read: robots.txt, the sitemap, llms.txt, and the dataset in pages."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import httpx
import pytest
from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import DCTERMS
from spacepolicy.web.answering.app_state import make_app_state
from spacepolicy.web.app import SharedState, routes
from spacepolicy.web.harvesting.dataset_metadata import DatasetMetadata
from spacepolicy.web.harvesting.dcat_ap import described
from spacepolicy.web.harvesting.publisher import Publisher
from spacepolicy.web.harvesting.schema_org import dataset_block
from spacepolicy.web.iri_routing import DOCUMENTS, THINGS
from spacepolicy.web.service import Service
from spacepolicy.web.writing.write_service import WriteService

from .conftest import serve

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
FILES = {
    "/robots.txt": "text/plain",
    "/sitemap.xml": "application/xml",
    "/llms.txt": "text/markdown",
}


@pytest.fixture(scope="module")
def addresses(shipped: httpx.Client) -> list[str]:
    """The addresses of the sitemap."""
    return locations(shipped.get("/sitemap.xml"), "urlset")


def locations(answer: httpx.Response, root: str) -> list[str]:
    assert answer.status_code == 200
    tree = ElementTree.fromstring(answer.content)  # noqa: S314 # our own
    assert tree.tag == NAMESPACE + root
    found = [each.text or "" for each in tree.iter(f"{NAMESPACE}loc")]
    assert len(found) == len(set(found)) == len(tree)
    return found


class Blocks(HTMLParser):
    """Collects the blocks of JSON-LD in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and ("type", "application/ld+json") in attrs

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found.append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 # no tag is within it
        self._inside = False


def dataset_in(page: httpx.Response) -> dict[str, Any]:
    (block,) = Blocks(page.text).found
    members: dict[str, Any] = json.loads(block)
    return members


@pytest.mark.parametrize(("path", "media_type"), FILES.items())
def test_a_file_is_tagged_and_has_its_media_type(
    shipped: httpx.Client, path: str, media_type: str
) -> None:
    answer = shipped.get(path, headers={"Accept": "text/html"})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert shipped.head(path).headers["etag"] == answer.headers["etag"]
    again = shipped.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert answer.headers["x-dataset-revision"] == "7"


def test_crawlers_read_pages_and_leave_queries_alone(shipped: httpx.Client) -> None:
    rules = RobotFileParser()
    rules.parse(shipped.get("/robots.txt").text.splitlines())
    base = str(shipped.base_url).rstrip("/")
    for path in ("/", "/doc/id/technology/reusable-rocket", "/queries/tasks-by-technology"):
        assert rules.can_fetch("any", base + path), path
    for path in ("/sparql?query=ASK%20%7B%7D", "/search?q=a", "/suggest?q=a", "/explain?s=a"):
        assert not rules.can_fetch("any", base + path), path
    assert rules.site_maps() == [f"{base}/sitemap.xml"]


def test_crawlers_without_a_token_are_asked_to_leave(shipped_service: Service) -> None:
    with serve(replace(shipped_service, require_token=True)) as site:
        answer = site.client.get("/robots.txt")
        assert answer.status_code == 200
        assert answer.text == "User-agent: *\nDisallow: /\n"
        assert site.client.get("/sitemap.xml").status_code == 401


def test_the_sitemap_has_things_terms_documents_and_questions(
    shipped: httpx.Client, addresses: list[str]
) -> None:
    paths = {each.removeprefix(str(shipped.base_url).rstrip("/")) for each in addresses}
    assert {
        "/",
        "/catalog",
        "/queries/tasks-by-technology",
        "/doc/def/Task",
        "/doc/concept/task-theme",
        "/doc/id/technology/reusable-rocket",
        "/doc/id/policy/shanghai-2022-spatial-information",
        "/source/shanghai-2022-opinions",
        "/graph/background/technologies",
        "/ontology/actors",
    } <= paths
    assert not any("#" in path or "%23" in path for path in paths)


def test_addresses_of_the_sitemap_answer_themselves(
    shipped: httpx.Client, addresses: list[str]
) -> None:
    sample = {re.sub(r"/[^/]*$", "", each): each for each in addresses}
    assert len(sample) > 15
    for address in sample.values():
        answer = shipped.get(address, headers={"Accept": "text/html"})
        assert answer.status_code == 200, address


def test_a_long_sitemap_is_an_index_of_files(
    shipped_service: Service, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacepolicy.web.harvesting.sitemap.MAX_PAGES", 500)
    with serve(shipped_service) as site:
        parts = locations(site.client.get("/sitemap.xml"), "sitemapindex")
        assert len(parts) > 1
        found = [each for part in parts for each in locations(site.client.get(part), "urlset")]
        beyond = site.client.get(f"/sitemap-{len(parts) + 1}.xml")
        assert beyond.status_code == 404
        assert beyond.headers["content-type"] == "application/problem+json"
        assert site.client.get("/sitemap-0.xml").status_code == 400
        base = str(site.client.base_url).rstrip("/")
    assert sorted(each.removeprefix(base) for each in found) == sorted(
        re.sub(r"^http://[^/]*", "", each) for each in addresses
    )


def test_llms_txt_says_what_there_is_and_its_links_answer(shipped: httpx.Client) -> None:
    text = shipped.get("/llms.txt").text
    assert text.startswith("# spacepolicy ontology\n\n> ")
    assert [each for each in text.splitlines() if each.startswith("## ")] == [
        "## How to ask",
        "## Saved questions",
        "## Descriptions",
    ]
    assert "csv, tsv, arrow, parquet, ndjson, csvw, turtle" in text
    base = str(shipped.base_url).rstrip("/")
    told = set(re.findall(rf"{base}/([a-z]+)", text))
    assert {"sparql", "search", "explain", "mcp", "reconcile"} <= told
    links = re.findall(r"\]\(([^)]+)\)", text)
    asked = [each for each in links if "/queries/" not in each]
    assert len(asked) > 7
    for link in [*asked, *[each for each in links if "/queries/" in each][::20]]:
        answer = shipped.get(link, headers={"Accept": "*/*"})
        assert answer.status_code == 200, link
    known = shipped.get("/queries", params={"format": "json"}).json()["queries"]
    assert len(links) - len(asked) == len(known)


@pytest.mark.parametrize("path", ["/", "/catalog"])
@pytest.mark.parametrize(("language", "name"), [("en", "spacepolicy ontology"), ("zh", "本体")])
def test_pages_carry_the_dataset_for_search_engines(
    shipped: httpx.Client, path: str, language: str, name: str
) -> None:
    headers = {"Accept": "text/html", "Accept-Language": language}
    members = dataset_in(shipped.get(path, headers=headers))
    base = str(shipped.base_url).rstrip("/")
    assert (members["@context"], members["@type"]) == ("https://schema.org/", "Dataset")
    assert name in members["name"]
    assert 50 <= len(members["description"]) <= 5000
    assert members["license"] == ["https://creativecommons.org/licenses/by/4.0/"]
    assert members["creator"][0]["name"]
    assert "publisher" not in members
    files = {each["contentUrl"]: each for each in members["distribution"]}
    assert files.keys() == {f"{base}/dump.nq", f"{base}/dump.trig"}
    assert ("sha256" in files[f"{base}/dump.nq"]) == (path == "/catalog")


def test_the_dataset_in_a_page_has_the_publisher_that_the_operator_names(service: Service) -> None:
    publisher = Publisher("Institute", "https://example.org/", "data@example.org")
    about = described(
        replace(service, publisher=publisher), "https://data.example", DatasetMetadata()
    )
    (told,) = json.loads(dataset_block(about, "en"))["publisher"]
    assert told["name"] == "Institute"
    assert told["contactPoint"]["email"] == "data@example.org"


def test_no_text_of_the_dataset_ends_its_block(service: Service) -> None:
    title = "</script><script>alert(1)</script><!-- &"
    own = DatasetMetadata(((NamedNode(f"{DCTERMS}title"), Literal(title, language="en")),))
    block = str(dataset_block(described(service, "https://data.example", own), "en"))
    assert not set("<>&") & set(block)
    assert json.loads(block)["name"] == title


def test_no_path_of_the_service_is_one_of_the_dataset(shipped_service: Service) -> None:
    state = SharedState(make_app_state(shipped_service))
    own = {
        route.path.split("/")[1]
        for route in routes(state, WriteService(shipped_service))
        if route.tag != "linked data" and route.path.rstrip("/") != "/def"
    }
    assert {"robots.txt", "sitemap.xml", "llms.txt", "catalog"} <= own
    assert not own & {*THINGS, *DOCUMENTS}
