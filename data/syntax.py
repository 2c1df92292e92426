"""An expression as a tree. `str` writes its one canonical text; `data.parser` reads that as the same tree."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from data.schema import ALIASES

LEVEL: Mapping[str, int] = MappingProxyType(
    {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "negative": 7, "**": 8}
    | dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 4)
)
"""How tightly each sign binds."""
ATOM = 9
KEYWORDS = frozenset({"and", "or", "not", "in"})
_BARE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Node(ABC):
    """A term of an expression.

    Attributes
    ----------
    at : the character of the text where it was read (from 0); says nothing about its value.
    """

    at: int = field(default=0, compare=False, kw_only=True)

    @property
    @abstractmethod
    def level(self) -> int:
        """How tightly its text holds together."""

    @property
    def parts(self) -> tuple["Node", ...]:
        """The nodes it is made of."""
        values = (getattr(self, part.name) for part in fields(self))
        listed = (value if isinstance(value, tuple) else (value,) for value in values)
        return tuple(node for nodes in listed for node in nodes if isinstance(node, Node))

    @property
    def names(self) -> frozenset[str]:
        """Names of the columns in it."""
        return frozenset(node.name for node, _ in walk(self) if isinstance(node, Name))

    def inside(self, level: int) -> str:
        """Write it for a place that binds as tightly as `level`."""
        return f"({self})" if self.level < level else str(self)


@dataclass(frozen=True)
class Number(Node):
    """A literal number: whole ones stay exact integers."""

    value: int | float

    @property
    def level(self) -> int:
        """As a signed number where it has a sign."""
        return LEVEL["negative"] if math.copysign(1, self.value) < 0 else ATOM

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class Text(Node):
    """A literal text."""

    value: str
    level = ATOM

    def __str__(self) -> str:
        return _quoted(self.value, '"')


@dataclass(frozen=True)
class Name(Node):
    """A column."""

    name: str
    level = ATOM

    def __str__(self) -> str:
        bare = _BARE_NAME.fullmatch(self.name) and self.name not in KEYWORDS and self.name not in ALIASES
        return self.name if bare else _quoted(self.name, "`")


@dataclass(frozen=True)
class Negative(Node):
    """Minus something."""

    operand: Node
    level = LEVEL["negative"]

    def __str__(self) -> str:
        return f"-{self.operand.inside(self.level)}"


@dataclass(frozen=True)
class Arithmetic(Node):
    """Two numbers joined by + - * / or **."""

    sign: str
    left: Node
    right: Node

    @property
    def level(self) -> int:
        """As its sign's."""
        return LEVEL[self.sign]

    def __str__(self) -> str:
        if self.sign == "**":
            return f"{self.left.inside(ATOM)} ** {self.right.inside(LEVEL['negative'])}"
        return f"{self.left.inside(self.level)} {self.sign} {self.right.inside(self.level + 1)}"


@dataclass(frozen=True)
class Call(Node):
    """A function of the fixed list, with its arguments."""

    name: str
    arguments: tuple[Node, ...]
    level = ATOM

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class Compare(Node):
    """A chain of comparisons: one sign fewer than operands."""

    operands: tuple[Node, ...]
    signs: tuple[str, ...]
    level = LEVEL["<"]

    def __str__(self) -> str:
        first, *others = (operand.inside(self.level + 1) for operand in self.operands)
        return " ".join([first, *(f"{sign} {other}" for sign, other in zip(self.signs, others, strict=True))])


@dataclass(frozen=True)
class In(Node):
    """Whether something is one of a list of literals."""

    operand: Node
    values: tuple[Number | Text, ...]
    level = LEVEL["in"]

    def __str__(self) -> str:
        return f"{self.operand.inside(self.level + 1)} in ({', '.join(map(str, self.values))})"


@dataclass(frozen=True)
class Not(Node):
    """The opposite of a condition."""

    operand: Node
    level = LEVEL["not"]

    def __str__(self) -> str:
        return f"not {self.operand.inside(self.level)}"


@dataclass(frozen=True)
class Junction(Node):
    """Conditions joined by "and" or by "or"; `junction` keeps it free of junctions of the same word."""

    word: str
    conditions: tuple[Node, ...]

    @property
    def level(self) -> int:
        """As its word's."""
        return LEVEL[self.word]

    def __str__(self) -> str:
        return f" {self.word} ".join(part.inside(self.level + 1) for part in self.conditions)


def junction(word: str, conditions: tuple[Node, ...], at: int = 0) -> Node:
    """Join conditions by "and" or "or", flat; one alone stays itself."""
    flat: list[Node] = []
    for part in conditions:
        flat.extend(part.conditions if isinstance(part, Junction) and part.word == word else (part,))
    return flat[0] if len(flat) == 1 else Junction(word, tuple(flat), at=at)


class Term(NamedTuple):
    """What stands for a name: where a condition may stand, and where a number must."""

    free: Node
    number: Node


def inline(tree: Node, terms: Mapping[str, Term], *, free: bool = True) -> Node:
    """Put terms in the place of names; `free` tells whether the tree stands where a condition may."""
    if isinstance(tree, Name):
        term = terms.get(tree.name)
        return tree if term is None else term.free if free else term.number
    choice = isinstance(tree, Call) and tree.name == "where"
    logic = isinstance(tree, Not | Junction)
    parts = (
        inline(part, terms, free=logic or (choice and place == 0)) for place, part in enumerate(tree.parts)
    )
    return _rebuilt(tree, parts)


def _rebuilt(node: Node, parts: Iterator[Node]) -> Node:
    """Make a node of other parts, as many as it had."""
    made: dict[str, Any] = {}
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, Node):
            made[part.name] = next(parts)
        elif isinstance(value, tuple):
            made[part.name] = tuple(next(parts) if isinstance(each, Node) else each for each in value)
    changed = replace(node, **made)
    return junction(changed.word, changed.conditions, node.at) if isinstance(changed, Junction) else changed


def walk(tree: Node) -> Iterator[tuple[Node, int]]:
    """Every node with its depth (the root's is 1), without recursion."""
    stack = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        stack.extend((part, depth + 1) for part in node.parts)


def _quoted(word: str, mark: str) -> str:
    return mark + word.replace(mark, mark * 2) + mark
