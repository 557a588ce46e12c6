"""The IRIs and words that generated policy graphs are made of.

Classes, properties and concepts are those of the ontology; the individuals are made up.
"""

from typing import Final

BASE: Final = "https://w3id.org/spacepolicy/"
DEF: Final = f"{BASE}def/"
RDF_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LABEL: Final = "<http://www.w3.org/2000/01/rdf-schema#label>"
TITLE: Final = "<http://purl.org/dc/terms/title>"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

VERBS: Final = (
    ("develops", "develop"),
    ("researches", "research"),
    ("integrates", "integrate"),
    ("optimises", "optimise"),
    ("promotes", "promote"),
    ("strengthens", "strengthen"),
)
"""What a measure does to a technology, and the kind of action that this is."""

THEMES: Final = (
    "basic-support-conditions",
    "commercial-space",
    "digital-applications",
    "funding",
    "ground-segment-and-applications",
    "industrial-chain",
    "innovation-platforms",
    "international-cooperation",
    "key-technologies",
    "manufacturing",
    "national-needs",
    "regional-layout",
    "regulation",
    "spacecraft-and-payloads",
    "sustainability-and-security",
    "talent",
)
DOMAINS: Final = (
    "components-and-equipment",
    "digital-application",
    "ground-segment",
    "human-spaceflight",
    "information-technology",
    "launch-vehicle",
    "lunar-exploration",
    "manufacturing",
    "on-orbit-servicing",
    "payload",
    "remote-sensing",
    "satellite-communication",
    "satellite-navigation",
    "space-science",
    "testing",
)
SEGMENTS: Final = ("application-and-service", "ground-system", "launch", "satellite-manufacturing")
KINDS_OF_DOCUMENT: Final = ("action-plan", "five-year-plan", "implementation-opinions", "strategy")
KINDS_OF_GOAL: Final = ("outcome", "overall-goal", "position", "purpose")
COMPARATORS: Final = ("about", "at-least", "at-most", "exactly")
UNITS: Final = ("%", "{satellite}", "{enterprise}", "{launch}", "km")

ADJECTIVES: Final = (
    "advanced", "autonomous", "commercial", "cooperative", "digital", "domestic", "efficient",
    "flexible", "global", "green", "high-throughput", "independent", "integrated", "intelligent",
    "international", "joint", "large-scale", "leading", "modular", "multi-source", "national",
    "networked", "open", "orbital", "public", "quantum", "regional", "reliable", "reusable",
    "secure", "shared", "standardised", "sustainable", "urban", "verified", "wide-area",
)  # fmt: skip
NOUNS: Final = (
    "antennas", "applications", "batteries", "cameras", "clusters", "constellations",
    "corridors", "data centres", "engines", "exchanges", "factories", "frequencies", "gateways",
    "ground stations", "incubators", "instruments", "laboratories", "launch sites", "links",
    "markets", "materials", "navigation services", "observatories", "payloads", "pilot zones",
    "platforms", "production lines", "propellants", "radars", "receivers", "rockets",
    "satellites", "sensors", "standards", "supply chains", "talents", "terminals", "thrusters",
    "timing services", "training schemes", "tracking networks", "ventures",
)  # fmt: skip
CHINESE: Final = tuple(
    "星箭网数智链台站航导通遥感测控研产业用融新高能源区港城际云端芯材"  # one character a syllable
)


def concept(scheme: str, name: str) -> str:
    """The IRI of a concept, in angle brackets."""
    return f"<{BASE}concept/{scheme}/{name}>"


def term(name: str) -> str:
    """The IRI of a class or property of the ontology, in angle brackets."""
    return f"<{DEF}{name}>"
