"""Read the text of an expression into a tree: grammar only, nothing is looked up or computed.

The parser is our own and bounded in length, depth and size; no Python code is ever made from a text.

======================  ==============================================================================
numbers                 ``12``, ``0.5``, ``1e-3``
columns                 ``fe_h``; in backticks where the name is odd: ```[Fe/H] err```
abundance ratios        ``[Eu/Ba]`` = eu_fe - ba_fe, ``[Mg/H]`` = mg_fe + fe_h, ``[Fe/H]``
texts                   ``"thin"`` or ``'thin'``; a quote inside is doubled
arithmetic              ``+ - * / **``, as in Python
comparisons             ``< <= > >= == !=``, also chained: ``7 < R < 9``
lists                   ``obsid in (1, 2)``, ``plate not in ("A", "B")``
logic                   ``and or not``; ``& | ~`` mean the same and bind as loosely
functions               ``name(argument, ...)``, those of `data.functions.FUNCTIONS`
======================  ==============================================================================
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from data.problem import DataError
from data.schema import ALIASES, ELEMENTS
from data.syntax import (
    KEYWORDS,
    LEVEL,
    Arithmetic,
    Call,
    Compare,
    In,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Term,
    Text,
    inline,
    junction,
    walk,
)

MAX_LENGTH = 320_000
MAX_WORDS = 40_000
"""Numbers, names and signs, commas too. A dozen polygons of 500 corners need 36,119."""
MAX_DEPTH = 50
MAX_TERMS = 400
"""Columns, signs and functions; literals are not counted, as they cost nothing. 100 filters need 301."""
LARGEST = 1e300
_SYMBOLS: Mapping[str, str] = MappingProxyType(
    {key if key in ("alpha", "s") else symbol: f"{key}_fe" for key, (symbol, *_) in ELEMENTS.items()}
)
"""Columns of abundances over iron, by what is written above them."""
SYNONYMS: Mapping[str, str] = MappingProxyType({"&": "and", "|": "or", "~": "not"})

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |`(?P<quoted>(?:[^`]|``)+)`
    |"(?P<double>(?:[^"]|"")*)"
    |'(?P<single>(?:[^']|'')*)'
    |\[\s*(?P<ratio>[A-Za-z]+\s*/\s*[A-Za-z]+)\s*\]
    |(?P<sign>\*\*|<=|>=|==|!=|[-+*/<>()&|~,])""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A word of the language and where it begins."""

    kind: str
    text: str
    at: int


def wrong(text: str, at: int, problem: str) -> DataError:
    """Say in one line what is wrong with `text` at character `at` (from 0)."""
    begin = max(0, at - 40)
    shown = "".join(c if c.isprintable() else " " for c in text[begin : at + 40])
    shown = f"{'...' if begin else ''}{shown}{'...' if at + 40 < len(text) else ''}"
    return DataError(f"expression '{shown}', character {at + 1}: {problem}")


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise wrong(text, at, _unreadable(text[at]))
        kind = str(match.lastgroup)
        word = match[kind]
        if kind in ("double", "single", "quoted"):
            mark = text[at]
            kind, word = "column" if mark == "`" else "text", word.replace(mark * 2, mark)
            if not word.isprintable():
                raise wrong(text, at, "quotes may not hold control characters: leave them out")
        if kind != "space":
            yield Token(kind, word, at)
        at = match.end()
    yield Token("end", "", at)


def _unreadable(character: str) -> str:
    hints = {
        "=": "a single '=' has no meaning: write == to compare",
        "[": "square brackets hold an abundance ratio such as [Eu/Ba]; for a list write in (1, 2)",
        '"': "this quote is never closed: close it",
        "'": "this quote is never closed: close it",
        "`": "this column name is empty or never closed: end it with a backtick",
        "!": "'!' alone has no meaning: write != or not",
    }
    found = character if character.isprintable() else f"U+{ord(character):04X}"
    return hints.get(
        character,
        f"cannot read '{found}': use numbers, column names, + - * / **, < <= > >= == !=, and, or, not",
    )


def parse(text: str) -> Node:
    """Read an expression.

    Raises
    ------
    DataError
        Where it is empty, too long, too deep or not of the grammar: what stands where, and what was expected.
    """
    if len(text) > MAX_LENGTH:
        raise DataError(f"an expression of {len(text)} characters is too long: write at most {MAX_LENGTH}")
    if not text.strip():
        raise DataError("the expression is empty: write a condition such as fe_h < -1 and giantmodel")
    return _Parser(text).whole()


def written_out(tree: Node, terms: Mapping[str, Term]) -> Node:
    """Put what names stand for in their places, within the bounds of a text.

    Raises
    ------
    DataError
        Where the whole is longer or deeper than a person may write.
    """
    used = [node.name for node, _ in walk(tree) if isinstance(node, Name) and node.name in terms]
    if not used:
        return tree
    lengths = {name: len(str(terms[name].free)) for name in used}
    names = ", ".join(lengths)[:80]
    if (length := sum(lengths[name] for name in used)) > MAX_LENGTH:
        raise DataError(f"with {names} written out, {length} characters are too many: at most {MAX_LENGTH}")
    try:
        return parse(str(inline(tree, terms)))
    except DataError as problem:
        raise DataError(f"with {names} written out, {problem}") from problem


class _Parser:
    """Precedence climbing over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(islice(_tokens(text), MAX_WORDS + 1))
        if len(self.tokens) > MAX_WORDS:
            raise wrong(text, 0, f"more than {MAX_WORDS} words and signs are too many: write less")
        self.position = 0
        self.depth = 0

    def whole(self) -> Node:
        tree = self.expression(0)
        if self.next.kind != "end":
            raise self.unexpected("an operator such as + < == and or, or the end")
        terms = sum(not isinstance(node, Number | Text) for node, _ in walk(tree))
        if terms > MAX_TERMS:
            raise wrong(self.text, 0, f"{terms} terms are too many: write at most {MAX_TERMS}")
        if max(depth for _, depth in walk(tree)) > MAX_DEPTH:
            raise self.too_deep(0)
        return tree

    @property
    def next(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        token = self.next
        self.position += 1
        return token

    def found(self, *words: str) -> bool:
        return self.next.kind in ("sign", "name") and self.next.text in words

    def expect(self, word: str) -> None:
        if not self.found(word):
            raise self.unexpected(f"'{word}'")
        self.take()

    def unexpected(self, expected: str) -> DataError:
        token = self.next
        if token.kind == "end":
            return wrong(self.text, token.at, f"it ends where {expected} is expected: complete it")
        return wrong(self.text, token.at, f"found '{token.text[:40]}' where {expected} is expected")

    def too_deep(self, at: int) -> DataError:
        return wrong(self.text, at, f"nested or chained more than {MAX_DEPTH} deep: write it flatter")

    def expression(self, level: int) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep(self.next.at)
        left = self.operand()
        while (sign := self.infix()) is not None and LEVEL[sign] >= level:
            left = self.joined(left, sign)
        self.depth -= 1
        return left

    def infix(self) -> str | None:
        if self.next.kind not in ("sign", "name"):
            return None
        sign = SYNONYMS.get(self.next.text, self.next.text)
        if sign == "not":
            return "in" if self.tokens[self.position + 1].text == "in" else None
        return sign if sign in LEVEL and sign != "negative" else None

    def joined(self, left: Node, sign: str) -> Node:
        if LEVEL[sign] == LEVEL["in"]:
            return self.membership(left) if sign == "in" else self.chain(left)
        at = self.take().at
        if sign == "**":
            return Arithmetic(sign, left, self.expression(LEVEL["negative"]), at=at)
        right = self.expression(LEVEL[sign] + 1)
        return junction(sign, (left, right), at) if sign in KEYWORDS else Arithmetic(sign, left, right, at=at)

    def chain(self, left: Node) -> Compare:
        operands, signs, at = [left], [], self.next.at
        while self.found("<", "<=", ">", ">=", "==", "!="):
            signs.append(self.take().text)
            operands.append(self.expression(LEVEL["<"] + 1))
        return Compare(tuple(operands), tuple(signs), at=at)

    def membership(self, left: Node) -> Node:
        token = self.take()
        if token.text != "in":
            self.take()
        self.expect("(")
        values = [self.literal()]
        while self.found(","):
            self.take()
            values.append(self.literal())
        self.expect(")")
        member = In(left, tuple(values), at=token.at)
        return member if token.text == "in" else Not(member, at=token.at)

    def literal(self) -> Number | Text:
        at = self.next.at
        value = self.expression(LEVEL["negative"])
        if not isinstance(value, Number | Text):
            raise wrong(self.text, at, "a list holds plain numbers or texts only, such as in (1, 2)")
        return value

    def operand(self) -> Node:
        token = self.next
        if token.kind == "number":
            return self.number()
        if token.kind == "text":
            return Text(self.take().text, at=token.at)
        if token.kind == "column":
            return Name(self.take().text, at=token.at)
        if token.kind == "ratio":
            return _ratio(self.text, self.take())
        if token.kind == "name" and token.text not in KEYWORDS:
            return self.name()
        if self.found("(", "-", "+", "not", "~"):
            return self.prefixed()
        raise self.unexpected("a number, a column or '('")

    def number(self) -> Number:
        _, written, at = self.take()
        if float(written) > LARGEST:
            raise wrong(self.text, at, f"the number {written[:40]} is too large: stay below {LARGEST}")
        return Number(int(written) if written.isdigit() else float(written), at=at)

    def name(self) -> Node:
        token = self.take()
        if not self.found("("):
            return Name(ALIASES.get(token.text, token.text), at=token.at)
        self.take()
        arguments = [self.expression(0)]
        while self.found(","):
            self.take()
            arguments.append(self.expression(0))
        self.expect(")")
        return Call(token.text, tuple(arguments), at=token.at)

    def prefixed(self) -> Node:
        _, sign, at = self.take()
        if sign == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if sign in ("not", "~"):
            return Not(self.expression(LEVEL["not"]), at=at)
        operand = self.expression(LEVEL["negative"])
        if sign == "+":
            return operand
        return Number(-operand.value, at=at) if isinstance(operand, Number) else Negative(operand, at=at)


def _ratio(text: str, token: Token) -> Node:
    found = ratio(token.text, token.at)
    if found is None:
        above, below = _halves(token.text)
        raise wrong(
            text,
            token.at,
            f"no ratio of '{above}' and '{below}': write [A/B] with two of {' '.join(_SYMBOLS)} Fe, "
            "or H as B (s: s-process)",
        )
    return found


def ratio(pair: str, at: int = 0) -> Node | None:
    """What a pair such as Eu/Ba means in square brackets; None where it is not one of ours.

    [X/Fe] is a column, [X/H] = [X/Fe] + [Fe/H], [X/Y] = [X/Fe] - [Y/Fe].
    """
    above, below = _halves(pair)
    known = {*_SYMBOLS, "Fe"}
    if above not in known or below not in {*known, "H"} or above == below:
        return None
    iron = Name("fe_h", at=at)
    if above == "Fe":
        return iron if below == "H" else Negative(Name(_SYMBOLS[below], at=at), at=at)
    left = Name(_SYMBOLS[above], at=at)
    if below == "Fe":
        return left
    if below == "H":
        return Arithmetic("+", left, iron, at=at)
    return Arithmetic("-", left, Name(_SYMBOLS[below], at=at), at=at)


def _halves(pair: str) -> tuple[str, str]:
    above, _, below = pair.partition("/")
    return above.strip(), below.strip()
