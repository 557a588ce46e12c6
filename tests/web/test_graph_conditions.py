"""Conditions on graphs: of two writers with the same tag one succeeds."""

from .writing_site import Writing


def test_a_graph_keeps_its_tag_while_others_change(writing: Writing) -> None:
    name = writing.graph()
    writing.put(name, '<urn:a> <urn:b> "1" .')
    target = f"/graphs?graph={name}"
    etag = writing.client.get(target).headers["etag"]
    writing.put(writing.graph(), '<urn:a> <urn:b> "2" .')
    known = writing.client.get(target, headers={"If-None-Match": etag})
    assert (known.status_code, known.headers["etag"]) == (304, etag)
    writing.put(name, '<urn:a> <urn:b> "3" .')
    assert writing.client.get(target).headers["etag"] != etag
    assert writing.client.get(target, headers={"If-None-Match": etag}).status_code == 200


def test_the_document_of_a_graph_keeps_its_tag_too(writing: Writing) -> None:
    base = str(writing.client.base_url.join("/"))
    writing.put(f"{base}graph/mine", '<urn:a> <urn:b> "1" .')
    headers = {"Accept": "text/turtle"}
    etag = writing.client.get("/graph/mine", headers=headers).headers["etag"]
    writing.put(writing.graph(), '<urn:a> <urn:b> "2" .')
    known = headers | {"If-None-Match": etag}
    assert writing.client.get("/graph/mine", headers=known).status_code == 304
    page = {"Accept": "text/html"}
    page["If-None-Match"] = writing.client.get("/graph/mine", headers=page).headers["etag"]
    writing.put(f"{base}graph/mine", '<urn:a> <urn:b> "3" .', If_Match=etag)
    assert '"3"' in writing.client.get("/graph/mine", headers=known).text
    assert writing.client.get("/graph/mine", headers=page).status_code == 200
    assert writing.put(f"{base}graph/mine", "", If_Match=etag).status_code == 412


def test_of_two_writers_with_the_same_tag_one_succeeds(writing: Writing) -> None:
    name = writing.graph()
    writing.put(name, '<urn:a> <urn:b> "1" .')
    etag = writing.client.get(f"/graphs?graph={name}").headers["etag"]
    writing.put(writing.graph(), '<urn:a> <urn:b> "elsewhere" .')
    statuses = [
        writing.put(name, f'<urn:a> <urn:b> "{n}" .', If_Match=etag).status_code for n in (2, 3)
    ]
    assert statuses == [204, 412]
    assert writing.values(name) == {'"2"'}


def test_a_graph_is_made_only_where_there_is_none(writing: Writing) -> None:
    name = writing.graph()
    assert writing.put(name, '<urn:a> <urn:b> "1" .', If_None_Match="*").status_code == 201
    assert writing.put(name, '<urn:a> <urn:b> "2" .', If_None_Match="*").status_code == 412
    assert writing.values(name) == {'"1"'}
    etag = writing.client.get(f"/graphs?graph={name}").headers["etag"]
    assert writing.put(name, '<urn:a> <urn:b> "2" .', If_None_Match=etag).status_code == 412
    assert writing.put(name, '<urn:a> <urn:b> "2" .', If_Match="*").status_code == 204


def test_the_tag_of_any_coding_and_format_is_one_of_the_graph(writing: Writing) -> None:
    name = writing.graph()
    for number in range(3):
        writing.put(name, f'<urn:a> <urn:b> "{number}{"x" * 2000}" .')
        headers = {"Accept-Encoding": ("gzip", "zstd", "identity")[number], "Accept": "text/turtle"}
        etag = writing.client.get(f"/graphs?graph={name}", headers=headers).headers["etag"]
        assert writing.put(name, '<urn:a> <urn:b> "y" .', If_Match=etag).status_code == 204
