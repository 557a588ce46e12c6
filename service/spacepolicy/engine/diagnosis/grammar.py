"""The grammar of SPARQL as an LL(1) table, to find where a text that was refused leaves it.

Rules are written as in the recommendation: words in capitals are keywords, words in small letters
with `$` are classes of tokens, the rest in quotes are punctuation. The first alternative that may
begin with a token is taken, so that the table is LL(1) throughout.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlGrammar, of 1.2 triple terms and annotations
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

END: Final = "$end"
"""The token behind the last."""
_NOTHING: Final = ""

_RULES: Final = """
Unit = Prologue ( Query Values? | Updates ) ;
Prologue = ( BASE $iri | PREFIX $prefix $iri | VERSION $string )* ;
Query = SelectQuery | ConstructQuery | DescribeQuery | AskQuery ;
SelectQuery = SelectClause DatasetClause* WhereClause Modifiers ;
SubSelect = SelectClause WhereClause Modifiers Values? ;
SelectClause = SELECT ( DISTINCT | REDUCED )? ( '*' | Projected Projected* ) ;
Projected = $variable | NamedExpression ;
NamedExpression = '(' Expression AS $variable ')' ;
ConstructQuery = CONSTRUCT ( Template DatasetClause* WhereClause Modifiers
  | DatasetClause* WHERE Template Modifiers ) ;
Template = '{' TemplateTriples? '}' ;
TemplateTriples = SameSubject ( '.' TemplateTriples? )? ;
DescribeQuery = DESCRIBE ( '*' | ( $variable | Iri )+ ) DatasetClause* WhereClause? Modifiers ;
AskQuery = ASK DatasetClause* WhereClause Modifiers ;
DatasetClause = FROM NAMED? Iri ;
WhereClause = WHERE? Group ;
Modifiers = GroupClause? HavingClause? OrderClause? LimitClauses? ;
GroupClause = GROUP BY GroupKey GroupKey* ;
GroupKey = $variable | '(' Expression ( AS $variable )? ')' | Call ;
HavingClause = HAVING Constraint Constraint* ;
OrderClause = ORDER BY OrderKey OrderKey* ;
OrderKey = ( ASC | DESC ) Bracketted | Constraint | $variable ;
LimitClauses = LIMIT $number ( OFFSET $number )? | OFFSET $number ( LIMIT $number )? ;
Values = VALUES ( $variable '{' Value* '}' | '(' $variable* ')' '{' Row* '}' ) ;
Row = '(' Value* ')' ;
Value = Iri | Literal | UNDEF | TripleTerm ;
Updates = Operation ( ';' Prologue Updates? )? ;
Operation = LOAD SILENT? Iri ( INTO GRAPH Iri )? | ( CLEAR | DROP ) SILENT? GraphRefAll
  | CREATE SILENT? GRAPH Iri | ( ADD | MOVE | COPY ) SILENT? GraphOrDefault TO GraphOrDefault
  | INSERT ( DATA QuadData | Quads Using* WHERE Group ) | DELETE DeleteRest
  | WITH Iri ( DELETE Quads ( INSERT Quads )? | INSERT Quads ) Using* WHERE Group ;
DeleteRest = DATA QuadData | WHERE Quads | Quads ( INSERT Quads )? Using* WHERE Group ;
GraphRefAll = GRAPH Iri | DEFAULT | NAMED | ALL ;
GraphOrDefault = DEFAULT | GRAPH? Iri ;
Using = USING NAMED? Iri ;
QuadData = '{' QuadTriples '}' ;
Quads = '{' QuadTriples '}' ;
QuadTriples = TemplateTriples? ( GRAPH VarOrIri '{' TemplateTriples? '}' '.'? TemplateTriples? )* ;
Group = '{' ( SubSelect | GroupBody ) '}' ;
GroupBody = Triples? ( Pattern '.'? Triples? )* ;
Triples = SameSubject ( '.' Triples? )? ;
Pattern = Group ( UNION Group )* | OPTIONAL Group | MINUS Group | GRAPH VarOrIri Group
  | SERVICE SILENT? VarOrIri Group | FILTER Constraint | Bind | Values | LATERAL Group ;
Bind = BIND NamedExpression ;
Constraint = Bracketted | Call ;
Bracketted = '(' Expression ')' ;
SameSubject = Subject PropertyList | Nodes PropertyList? | Reified PropertyList? ;
Subject = $variable | Iri | Literal | $blank | TripleTerm ;
PropertyList = Verb Object ( ',' Object )* ( ';' ( Verb Object ( ',' Object )* )? )* ;
Verb = $variable | Path ;
Object = Node Annotation* ;
Annotation = '~' ( $variable | Iri | $blank )? | '{|' PropertyList '|}' ;
Node = $variable | Iri | Literal | $blank | TripleTerm | Nodes | Reified ;
Nodes = '[' PropertyList? ']' | '(' Node* ')' ;
TripleTerm = '<<(' Node Verb Node ')' '>>' ;
Reified = '<<' Node Verb Node ( '~' ( $variable | Iri | $blank )? )? '>>' ;
Path = PathSequence ( '|' PathSequence )* ;
PathSequence = PathStep ( '/' PathStep )* ;
PathStep = '^' PathElement | PathElement ;
PathElement = PathPrimary ( '?' | '*' | '+' )? ;
PathPrimary = Iri | a | '!' PathNegated | '(' Path ')' ;
PathNegated = PathOne | '(' ( PathOne ( '|' PathOne )* )? ')' ;
PathOne = Iri | a | '^' ( Iri | a ) ;
VarOrIri = $variable | Iri ;
Iri = $iri | $name ;
Literal = $string ( $language | '^^' Iri )? | Number | TRUE | FALSE ;
Number = '+' $number | '-' $number | $number ;
Expression = And ( '||' And )* ;
And = Comparison ( '&&' Comparison )* ;
Comparison = Sum ( ( '=' | '!=' | '<' | '>' | '<=' | '>=' ) Sum | IN List | NOT IN List )? ;
List = '(' ( Expression ( ',' Expression )* )? ')' ;
Sum = Product ( ( '+' | '-' ) Product )* ;
Product = Factor ( ( '*' | '/' ) Factor )* ;
Factor = '!' Factor | '+' Primary | '-' Primary | Primary ;
Primary = Bracketted | Builtins | Function Arguments? | $variable | Constant | TripleTerm ;
Function = Iri ;
Constant = $string ( $language | '^^' Iri )? | $number | TRUE | FALSE ;
Arguments = '(' ( DISTINCT? Expression ( ',' Expression )* )? ')' ;
Call = Builtins | Custom ;
Builtins = EXISTS Group | NOT EXISTS Group | Aggregate
  | Builtin '(' ( Expression ( ',' Expression )* )? ')' ;
Custom = Iri Arguments ;
Aggregate = COUNT '(' DISTINCT? ( '*' | Expression ) ')'
  | ( SUM | MIN | MAX | AVG | SAMPLE ) '(' DISTINCT? Expression ')'
  | GROUP_CONCAT '(' DISTINCT? Expression ( ';' SEPARATOR '=' $string )? ')' ;
Builtin = STR | LANG | LANGMATCHES | LANGDIR | DATATYPE | BOUND | IRI | URI | BNODE | RAND | ABS
  | CEIL | FLOOR | ROUND | CONCAT | STRLEN | UCASE | LCASE | ENCODE_FOR_URI | CONTAINS | STRSTARTS
  | STRENDS
  | STRBEFORE | STRAFTER | YEAR | MONTH | DAY | HOURS | MINUTES | SECONDS | TIMEZONE | TZ
  | NOW | UUID | STRUUID | MD5 | SHA1 | SHA256 | SHA384 | SHA512 | COALESCE | IF | STRLANG
  | STRLANGDIR | STRDT | SAMETERM | ISIRI | ISURI | ISBLANK | ISLITERAL | ISNUMERIC | ISTRIPLE
  | HASLANG | HASLANGDIR | TRIPLE | SUBJECT | PREDICATE | OBJECT | ADJUST | REGEX | SUBSTR
  | REPLACE ;
"""

_PIECE: Final = re.compile(r"'([^']+)'|([$]?\w+)|([()|;=?*+])")


@final
@dataclass(frozen=True, slots=True)
class Grammar:
    """Which symbols a rule expands to at which token; `nullable` are the rules that may be empty,
    `first` the tokens that each may begin with."""

    table: Mapping[str, Mapping[str, Sequence[str]]]
    nullable: frozenset[str]
    first: Mapping[str, frozenset[str]]
    keywords: frozenset[str]
    functions: frozenset[str]


def read_grammar() -> Grammar:
    """The grammar of the rules above."""
    rules = _Reader(_RULES).rules()
    first = _first(rules)
    nullable = frozenset(name for name, found in first.items() if _NOTHING in found)
    table = {
        name: {
            token: symbols
            for symbols in reversed(alternatives)
            for token in _first_of(symbols, first) - {_NOTHING}
        }
        for name, alternatives in rules.items()
    }
    symbols = {each for alternatives in rules.values() for one in alternatives for each in one}
    keywords = frozenset(each for each in symbols if each.isupper() or each[:3] in ("MD5", "SHA"))
    functions = first["Builtin"] | first["Aggregate"] | {"EXISTS", "NOT"}
    return Grammar(
        table,
        nullable,
        {name: found - {_NOTHING} for name, found in first.items()},
        keywords,
        functions - {_NOTHING},
    )


@final
class _Reader:
    """Parses rules; what stands in brackets, or repeats, becomes a rule whose name has a `#`."""

    def __init__(self, text: str) -> None:
        self._pieces = [match.groups() for match in _PIECE.finditer(text)]
        self._at = 0
        self._found: dict[str, list[Sequence[str]]] = {}

    def rules(self) -> Mapping[str, Sequence[Sequence[str]]]:
        while self._at < len(self._pieces):
            name = self._pieces[self._at][1]
            self._at += 2
            self._found[name] = []
            self._found[name] = self._alternatives()
            self._at += 1
        return self._found

    def _mark(self) -> str:
        return self._pieces[self._at][2] or ""

    def _alternatives(self) -> list[Sequence[str]]:
        found = [self._sequence()]
        while self._mark() == "|":
            self._at += 1
            found.append(self._sequence())
        return found

    def _sequence(self) -> Sequence[str]:
        found: list[str] = []
        while self._mark() not in ("|", ")", ";"):
            found.append(self._repeated(self._one()))
        return tuple(found)

    def _one(self) -> str:
        quoted, word, mark = self._pieces[self._at]
        self._at += 1
        if mark != "(":
            return quoted or word
        found = self._alternatives()
        self._at += 1
        return self._named(found)

    def _repeated(self, symbol: str) -> str:
        match self._mark():
            case "?":
                symbol = self._named([(symbol,), ()])
            case "*":
                symbol = self._named([(symbol,), ()], again=True)
            case "+":
                symbol = self._named([(symbol, self._named([(symbol,), ()], again=True))])
            case _:
                return symbol
        self._at += 1
        return symbol

    def _named(self, alternatives: list[Sequence[str]], *, again: bool = False) -> str:
        name = f"#{len(self._found)}"
        self._found[name] = [(*each, name) if again and each else each for each in alternatives]
        return name


def _first(rules: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {name: frozenset() for name in rules}
    growing = True
    while growing:
        growing = False
        for name, alternatives in reversed(list(rules.items())):  # most rules are used before
            wider = found[name].union(*(_first_of(each, found) for each in alternatives))
            growing |= wider != found[name]
            found[name] = wider
    return found


def _first_of(symbols: Sequence[str], first: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    for symbol in symbols:
        begins = first.get(symbol, frozenset({symbol}))
        found |= begins - {_NOTHING}
        if _NOTHING not in begins:
            return frozenset(found)
    return frozenset({*found, _NOTHING})


def conflicts() -> Iterator[tuple[str, str]]:
    """The rules with two alternatives that begin with the same token: the first of them is
    taken."""
    rules = _Reader(_RULES).rules()
    first = _first(rules)
    for name, alternatives in rules.items():
        seen: set[str] = set()
        for symbols in alternatives:
            begins = _first_of(symbols, first) - {_NOTHING}
            yield from ((name, token) for token in begins & seen)
            seen |= begins
