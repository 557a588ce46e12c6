"""RDF/XML as OWL tools and old systems write it is read; what is not well-formed is not."""

import time

import pytest
from pyoxigraph import Quad, RdfFormat, parse

from spacepolicy import formats
from spacepolicy.engine.isomorphism import isomorphic
from spacepolicy.engine.rdf_documents import read
from spacepolicy.errors import BadParameterError, EgressRefusedError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML_LITERAL = f"^^<{RDF}XMLLiteral>"
ROOT = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:x="urn:x#">%s</rdf:RDF>'
ABOUT = ROOT % '<rdf:Description rdf:about="urn:s">%s</rdf:Description>'
BASE = "http://example.org/doc"


def quads(document: str | bytes, name: str = "rdfxml") -> list[Quad]:
    body = document if isinstance(document, bytes) else document.encode()
    format = formats.named(name)
    assert format is not None
    return read(body, format, BASE, graphs=False)


def turtle(text: str) -> list[Quad]:
    prefixes = f"@prefix rdf: <{RDF}> . @prefix x: <urn:x#> . @base <{BASE}> . "
    return list(parse(prefixes + text, RdfFormat.TURTLE))


PROPERTIES = {
    "<x:p>a<!-- c -->b</x:p>": '<urn:s> x:p "ab" .',
    "<x:p>a<![CDATA[<&]]>b</x:p>": '<urn:s> x:p "a<&b" .',
    "<x:p><![CDATA[]]></x:p>": '<urn:s> x:p "" .',
    "<x:p>a<?i j?>b</x:p><?i?>": '<urn:s> x:p "ab" .',
    "<!-- c --><x:p>a&#13;b\r\nc</x:p>": r'<urn:s> x:p "a\rb\nc" .',
    '<x:p xml:lang="">a</x:p><x:q xml:lang="en">b</x:q>': '<urn:s> x:p "a" ; x:q "b"@en .',
    "<rdf:li>a</rdf:li><rdf:li>b</rdf:li>": '<urn:s> rdf:_1 "a" ; rdf:_2 "b" .',
    '<x:p rdf:parseType="Collection"><x:T/><!-- --><x:T rdf:about="urn:t"/></x:p>':
        "<urn:s> x:p ([ a x:T ] <urn:t>) . <urn:t> a x:T .",
    '<x:p rdf:parseType="Resource"><x:q>1</x:q></x:p>': '<urn:s> x:p [ x:q "1" ] .',
    '<x:p rdf:ID="r">1</x:p>':
        '<urn:s> x:p "1" . <#r> a rdf:Statement ; rdf:subject <urn:s> ; rdf:predicate x:p ; '
        'rdf:object "1" .',
    '<x:p rdf:datatype="urn:d"> 1 </x:p>': '<urn:s> x:p " 1 "^^<urn:d> .',
    '<x:p x:q="1&#10;2" rdf:resource="o"/>': r'<urn:s> x:p <o> . <o> x:q "1\n2" .',
    '<x:p resource="urn:o"/>': "<urn:s> x:p <urn:o> .",
    '<y:p xmlns:y="urn:y&amp;&#x23;">1</y:p>': '<urn:s> <urn:y&#p> "1" .',
    '<x:p rdf:parseType="Triple"><rdf:Description rdf:about="urn:a" x:q="1"/></x:p>':
        '<urn:s> x:p <<( <urn:a> x:q "1" )>> .',
}  # fmt: skip


@pytest.mark.parametrize("content", PROPERTIES)
def test_what_tools_write_is_read(content: str) -> None:
    document = ABOUT % content
    if "Triple" in content:
        document = document.replace("<rdf:RDF", '<rdf:RDF rdf:version="1.2"')
    assert isomorphic(quads(document), turtle(PROPERTIES[content]))


@pytest.mark.parametrize(("content", "value"), [
    ('a <b xmlns="urn:d">x<c/></b> &lt;', 'a <b xmlns="urn:d">x<c></c></b> &lt;'),
    ('<x:c z="1" a="2" x:a="3"/>', '<x:c xmlns:x="urn:x#" a="2" z="1" x:a="3"></x:c>'),
    ("<x:c><x:d/></x:c><x:d/>",
     '<x:c xmlns:x="urn:x#"><x:d></x:d></x:c><x:d xmlns:x="urn:x#"></x:d>'),
    ('<a xmlns="urn:d"><b xmlns=""/></a>', '<a xmlns="urn:d"><b xmlns=""></b></a>'),
    ("<!--c--><?i j?><![CDATA[<]]>&#13;", "<!--c--><?i j?>&lt;&#xD;"),
    ('<a b="&lt;&quot;&gt;&#9;"/>', '<a b="&lt;&quot;>&#x9;"></a>'),
    ('<a xml:lang="en"/>', '<a xml:lang="en"></a>'),
    ("", ""),
])  # fmt: skip
@pytest.mark.parametrize("parsed", ["Literal", "other"])
def test_an_xml_literal_is_in_exclusive_canonical_form(
    content: str, value: str, parsed: str
) -> None:
    (quad,) = quads(ABOUT % f'<x:p rdf:parseType="{parsed}">{content}</x:p>')
    assert getattr(quad.object, "value", None) == value
    assert str(quad.object).endswith(XML_LITERAL)


ENTITIES = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY owl 'urn:owl#'> <!ENTITY two "&owl;2">
  <!ENTITY % more "<!ENTITY three '3'>"> %more; ]>
"""


def test_entities_are_read_in_either_quote() -> None:
    content = '<rdf:Description rdf:about="&owl;a"><x:p>&two;&three;</x:p></rdf:Description>'
    assert isomorphic(quads(ENTITIES + ROOT % content), turtle('<urn:owl#a> x:p "urn:owl#23" .'))


ENCODED = [
    ("utf-8-sig", "UTF-8"), ("utf-8-sig", ""), ("iso-8859-1", "ISO-8859-1"),
    ("cp1252", "windows-1252"), ("utf-16", "UTF-16"), ("utf-16", ""),
    ("utf-16-le", "UTF-16"), ("utf-16-be", "utf-16"),
    ("utf-32", "UTF-32"), ("gb18030", "GB18030"), ("iso-8859-1", "latin1"),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "declared"), ENCODED)
def test_a_document_is_read_in_the_encoding_that_it_declares(codec: str, declared: str) -> None:
    document = (f"<?xml version='1.0' encoding='{declared}'?>" if declared else "") + ABOUT
    assert isomorphic(quads((document % "<x:p>é</x:p>").encode(codec)), turtle('<urn:s> x:p "é" .'))


WHOLE = ABOUT % "<x:p>a</x:p>"
DTD = '<!DOCTYPE rdf:RDF SYSTEM "http://127.0.0.1:9/x.dtd">'
REFUSED = [
    *(WHOLE[: at + 1] for at in range(len(WHOLE) - 1) if WHOLE[at] in ">a"),
    "", " ", "<urn:a> <urn:b> <urn:c> .", f"{WHOLE}<x/>",
    ROOT % "<y:z/>",
    ROOT % '<rdf:Description x:a="1" x:a="2"/>',
    ABOUT % "<x:p>\x01</x:p>", ABOUT % "<x:p>&#1;</x:p>", ABOUT % "<x:p>&eacute;</x:p>",
    ABOUT % "<x:p>a & b</x:p>", ABOUT % '<x:p rdf:about=a/>', ABOUT % "<x:p>]]></x:p>",
    ABOUT % "<x:p>1</x:p>text", ABOUT % "<x:p>a<x:T/></x:p>",
    ROOT % '<rdf:Description rdf:bagID="a"/>', ROOT % '<rdf:Description rdf:aboutEach="a"/>',
    ROOT % '<rdf:Description other="a"/>',
    '<?xml version="1.0" encoding="ebcdic-us"?>' + WHOLE,
    '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + ABOUT % "<x:p>&e;</x:p>",
    '<!DOCTYPE r [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]>' + ABOUT % "<x:p>&e;</x:p>",
    '<!DOCTYPE r [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]>' + WHOLE,
    DTD[:-1] + ' [<!ENTITY % e PUBLIC "-//x//y" "http://127.0.0.1:9/e"> %e;]>' + WHOLE,
    DTD + ABOUT % "<x:p>&e;</x:p>", DTD + ABOUT % '<x:p x:q="&e;"/>',
]  # fmt: skip


@pytest.mark.parametrize("document", REFUSED)
def test_what_is_not_well_formed_or_elsewhere_is_refused(document: str) -> None:
    with pytest.raises(BadParameterError, match="RDF/XML cannot be read"):
        quads(document)


def test_bytes_that_are_no_text_are_refused_with_their_place() -> None:
    with pytest.raises(BadParameterError, match=r"line 2, column 4") as caught:
        quads(b"<?xml version='1.0'?>\n<a>\xe9</a>")
    assert caught.value.extras == {"line": 2, "column": 4}


def test_declarations_elsewhere_may_be_missing() -> None:
    unused = '<!DOCTYPE r [<!ENTITY % e SYSTEM "file:///etc/passwd">]>'
    for declared in (DTD, f"{DTD[:-1]} [<!ENTITY e 'a'>]>", unused):
        assert isomorphic(quads(declared + WHOLE), turtle('<urn:s> x:p "a" .'))


@pytest.mark.parametrize("text", ["aaaaaaaaaa", ""])
def test_entities_that_expand_without_end_are_refused_soon(text: str) -> None:
    nested = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 8}">' for n in range(30))
    long = f'<!DOCTYPE r [<!ENTITY a "{"a" * 100_000}">]>' + ABOUT % f"<x:p>{'&a;' * 3000}</x:p>"
    began = time.monotonic()
    for document in (
        f'<!DOCTYPE r [<!ENTITY a0 "{text}">{nested}]>' + ABOUT % "<x:p>&a30;</x:p>",
        f'<!DOCTYPE r [<!ENTITY a0 "{text}">{nested}]>' + ABOUT % '<x:p x:q="&a30;"/>',
        long,
    ):
        with pytest.raises(BadParameterError):
            quads(document)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("name", ["turtle", "trig", "ntriples", "nquads", "jsonld", "rdfxml"])
def test_a_byte_order_mark_is_passed_over(name: str) -> None:
    document = {"jsonld": '{"@id": "urn:s", "urn:x#p": "a"}', "rdfxml": WHOLE}.get(
        name, '<urn:s> <urn:x#p> "a" .'
    )
    assert isomorphic(quads(document.encode("utf-8-sig"), name), turtle('<urn:s> x:p "a" .'))
    if name != "rdfxml":
        with pytest.raises(BadParameterError, match="byte order mark of UTF-16"):
            quads(document.encode("utf-16"), name)


def test_a_context_elsewhere_is_not_fetched() -> None:
    with pytest.raises(EgressRefusedError):
        quads('{"@context": "http://127.0.0.1:9/c", "@id": "urn:a"}', "jsonld")
