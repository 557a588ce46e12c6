"""Data and sources."""

from typing import Final

from tests import lark

from spacepolicy.fingerprints import fingerprint

from .edits import NAMES, QUOTES, Breakage, append, by_reference, match, remove, replace, write

PROPOSED: Final = "https://w3id.org/spacepolicy/concept/assertion-status/proposed"

DATA: Final = (
    Breakage(
        "two things with one official number or code",
        "rules",
        "key",
        "data/background/regions.trig",
        replace('"CN-SH"', '"CN"'),
        "id/region/china and id/region/shanghai agree in the key `:Region HasKey :isoCode`",
    ),
    Breakage(
        "a latitude beyond the pole",
        "shapes",
        "Region-maxInclusive",
        "data/background/coordinates.csv",
        replace("31.2,121.5", "95,121.5"),
        "region/shanghai> does not conform",
        near="Give at most one latitude in degrees from -90 to 90",
    ),
    Breakage(
        "a latitude without a longitude",
        "shapes",
        "Region-sPARQL",
        "data/background/coordinates.csv",
        replace("31.2,121.5", "31.2,"),
        "region/shanghai> does not conform",
        near="Give the longitude with the latitude.",
    ),
    Breakage(
        "two tasks with one number",
        "rules",
        "key",
        QUOTES,
        match(r"(:isTaskOf [^\n;]*;\s+(?::num[^\n;]*;\s+)?:ordinal )2 ([;.])", r"\g<1>1 \2"),
        "agree in the key",
    ),
    Breakage(
        "two tasks with one number, as shapes meet them",
        "shapes",
        "key",
        QUOTES,
        match(r"(:isTaskOf [^\n;]*;\s+(?::num[^\n;]*;\s+)?:ordinal )2 ([;.])", r"\g<1>1 \2"),
        "agree in the key",
    ),
    Breakage(
        "a node without a name that is not complete",
        "shapes",
        "Quantity-minCount",
        QUOTES,
        append(">0,1\npolicy:x :hasQuantity [ a :Quantity ] .\n"),
        "does not conform",
        words="[ a :Quantity ]",
        others=True,
    ),
    Breakage(
        "a text that somebody is to pay for, as if it were what it plans",
        "rules",
        "cax-adc",
        "data/background/readings.trig",
        append(
            "graph:readings { <https://w3id.org/spacepolicy/source/shanghai-2022-opinions> "
            ":paidForBy <https://w3id.org/spacepolicy/id/actor/shanghai> . }\n"
        ),
        "PolicyResource",
        others=True,
    ),
    Breakage(
        "a planned act that is its own outcome",
        "rules",
        "cax-adc",
        "data/background/readings.trig",
        append(
            "graph:readings { <https://w3id.org/spacepolicy/id/policy/"
            "shanghai-2022-spatial-information/task/2/measure/1> :isOutcomeOf "
            "<https://w3id.org/spacepolicy/id/policy/"
            "shanghai-2022-spatial-information/task/2> . }\n"
        ),
        "Outcome",
        others=True,
    ),
    Breakage(
        "an outcome of a text, not of what it plans",
        "rules",
        "cax-adc",
        "data/background/readings.trig",
        append(
            "graph:readings { <https://w3id.org/spacepolicy/id/outcome/x> :isOutcomeOf "
            "<https://w3id.org/spacepolicy/source/shanghai-2022-opinions> . }\n"
        ),
        "isOutcomeOf",
        at="data/shanghai-2022-opinions.quotes",
        line=False,
        others=True,
    ),
    Breakage(
        "a quotation that is not in the text",
        "evidence",
        "quotation",
        QUOTES,
        match(r"^> ([^\n]*)$", r"> \1 and more"),
        "stands nowhere in the text",
        "`spacepolicy cite` finds them",
        others=True,
    ),
    Breakage(
        "a quotation of which nothing is stated",
        "evidence",
        "unstated",
        QUOTES,
        append(">0,8\n"),
        "nothing is stated of “",
        others=True,
    ),
    Breakage(
        "what was proposed and nobody has confirmed",
        "evidence",
        "proposals-are-confirmed",
        QUOTES,
        append(f">0,8\n<#char=0,8> :assertionStatus <{PROPOSED}> .\n"),
        "nobody has confirmed it",
        words="status/proposed",
        others=True,
    ),
    Breakage(
        "something that a scaffold left to be filled in",
        "syntax",
        "fill-in",
        NAMES,
        replace('rdfs:label "', 'rdfs:label "[fill in: its name]'),
        "still to be filled in: its name",
        others=True,
    ),
    Breakage(
        "a locator that is not the end of its passage’s name",
        "evidence",
        "locator",
        lark.TRIG,
        by_reference('"sec.2.b"', '"sec.2.c"'),
        "has the locator “sec.2.c”, but another name",
        words="<#loc=sec.2.b>\n    a :Passage",
    ),
    Breakage(
        "a passage by reference in one that it does not lie in",
        "evidence",
        "locator",
        lark.TRIG,
        by_reference("<#loc=sec.2> ;\n    :copyRead", "<#loc=title> ;\n    :copyRead"),
        "does not lie within",
        words="<#loc=sec.2.a>\n    a :Passage",
        others=True,
    ),
    Breakage(
        "a fingerprint that does not fit a copy of the text",
        "evidence",
        "fingerprint",
        lark.TRIG,
        by_reference(str(fingerprint(lark.ACT)), str(fingerprint("other words"))),
        "does not fit",
        words=":fingerprint",
        others=True,
    ),
    Breakage(
        "an offset that is wrong",
        "evidence",
        "quotation",
        QUOTES,
        match(r"^> ", ">3 "),
        "does not stand at character 3",
        others=True,
    ),
    Breakage(
        "a statement outside of all graphs",
        "syntax",
        "graph",
        NAMES,
        append("<urn:a> <urn:b> <urn:c> .\n"),
        "is stated in no graph",
        others=True,
    ),
    Breakage(
        "a broken statement",
        "syntax",
        "syntax",
        QUOTES,
        replace(" a :Measure ;", " a :Measure ;; ]"),
        "(column ",
    ),
    Breakage(
        "a graph of a file is stated in another too",
        "syntax",
        "graph",
        "data/background/technologies.trig",
        append(
            "<https://w3id.org/spacepolicy/graph/background/regions> { <urn:a> <urn:b> <urn:c> }\n"
        ),
        "is stated in",
        others=True,
    ),
    Breakage(
        "a text that was edited",
        "evidence",
        "source",
        "seeds/{document}.txt",
        write(lambda old: old + b"more\n"),
        "the digest is",
        at="seeds/{document}.toml",
        words="sha256",
        others=True,
    ),
    Breakage(
        "a note that is no TOML",
        "evidence",
        "syntax",
        "seeds/{document}.toml",
        replace("sha256 = ", "sha256 == "),
        "this is not TOML",
        others=True,
    ),
    Breakage(
        "a text without a note",
        "evidence",
        "source",
        "seeds/{document}.toml",
        remove(),
        "the text has no metadata",
        at="seeds/{document}.txt",
        line=False,
        others=True,
    ),
    Breakage(
        "a thing that is of two classes which exclude each other",
        "rules",
        "cax-adc",
        NAMES,
        match(r"^  ((?:actor|product):[\w-]+)\n", r"  \1\n    a :Region ;\n"),
        "cannot hold together",
        at=QUOTES,
        line=False,
        others=True,
    ),
)
