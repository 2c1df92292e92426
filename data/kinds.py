"""Whether an expression makes sense for given columns: names that exist, numbers where numbers belong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from data.functions import FUNCTIONS
from data.parser import wrong
from data.problem import DataError, UnknownColumnError
from data.schema import ALIASES, COLUMNS, Column
from data.syntax import Arithmetic, Call, Compare, In, Junction, Name, Negative, Node, Not, Number, Text

Kind = Literal["number", "flag", "identifier", "text", "condition"]
"""What a term gives. A flag may stand for a number (1 or 0) and for a condition."""

_OF_DTYPE: Mapping[str, Kind] = {"int8": "flag", "int64": "identifier", "str": "text"}
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Checker:
    """Finds the kind of each term of an expression.

    Attributes
    ----------
    text : the expression as it was written, to show where it is wrong.
    described : the columns that exist.
    """

    text: str
    described: Mapping[str, Column]
    _found: dict[int, Kind] = field(default_factory=dict, init=False)

    def kind(self, node: Node) -> Kind:
        """Kind of a term, or `DataError` where its parts do not fit together. Each is looked into once."""
        if id(node) not in self._found:
            self._found[id(node)] = self._find(node)
        return self._found[id(node)]

    def _find(self, node: Node) -> Kind:
        match node:
            case Number():
                return "number"
            case Text():
                return "text"
            case Name():
                return self._column(node)
            case Negative() | Arithmetic():
                self._numbers(node.parts)
                return "number"
            case Call():
                return self._call(node)
            case _:
                self._condition(node)
                return "condition"

    def _wrong(self, node: Node, problem: str) -> DataError:
        return wrong(self.text, node.at, problem)

    def _column(self, node: Name) -> Kind:
        column = self.described.get(node.name)
        if column is not None:
            return _OF_DTYPE.get(column.dtype, "number")
        if node.name in COLUMNS:
            raise self._unknown(
                node, f"this catalogue has no column {node.name}: see 'explorer info' for those it has"
            )
        names = {name.lower(): name for name in (*self.described, *ALIASES)}
        near = [names[found] for found in get_close_matches(node.name.lower(), names, n=3)]
        advice = (
            f"did you mean {' or '.join(near)}?" if near else "see 'explorer info' for the columns there are"
        )
        raise self._unknown(node, f"no column '{node.name[:40]}': {advice}")

    def _unknown(self, node: Name, problem: str) -> DataError:
        return UnknownColumnError(str(self._wrong(node, problem)), node.name)

    def _numbers(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            match self.kind(node):
                case "number" | "flag":
                    continue
                case "identifier":
                    raise self._wrong(node, f"{node} is an identifier: compare it, do not compute with it")
                case "text":
                    raise self._wrong(
                        node, f"{node} is text where a number is expected: compare it with == or !="
                    )
                case "condition":
                    raise self._wrong(
                        node, "a condition where a number is expected: use where(condition, 1, 0)"
                    )

    def _conditions(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            if (kind := self.kind(node)) not in ("condition", "flag"):
                raise self._wrong(node, f"{kind} where a condition is expected: compare it, as in fe_h < -1")

    def _condition(self, node: Node) -> None:
        match node:
            case Not() | Junction():
                self._conditions(node.parts)
            case Compare(operands, signs):
                for sign, left, right in zip(signs, operands, operands[1:], strict=False):
                    self._pair(node, sign, left, right)
            case In(operand, values):
                for value in values:
                    self._pair(node, "==", operand, value)
            case _:
                raise AssertionError(node)

    def _pair(self, node: Node, sign: str, left: Node, right: Node) -> None:
        """Check that two terms may be compared."""
        kinds = {self.kind(left), self.kind(right)}
        if "condition" in kinds:
            raise self._wrong(node, "conditions cannot be compared: join them with and, or, not")
        if "text" in kinds:
            if len(kinds) > 1:
                raise self._wrong(
                    node, f'cannot compare {left} with {right}: text goes with text, as in plate == "A"'
                )
            if sign not in ("==", "!="):
                raise self._wrong(node, f"text has no order: use == or != instead of {sign}")
        if "identifier" in kinds and any(self._inexact(side) for side in (left, right)):
            raise self._wrong(
                node, "identifiers compare with identifiers and whole numbers only, as in obsid == 12345"
            )
        for one, other in ((left, right), (right, left)):
            if sign in ("==", "!=") and self._stands_for_missing(one, other):
                raise self._wrong(node, f"{other} stands for missing: write missing({one})")

    def _inexact(self, node: Node) -> bool:
        if isinstance(node, Number):
            return not (isinstance(node.value, int) and node.value in _INT64)
        return self.kind(node) != "identifier"

    def _stands_for_missing(self, column: Node, value: Node) -> bool:
        if not isinstance(column, Name) or not isinstance(value, Number | Text):
            return False
        kind = self.kind(column)
        return (kind in ("identifier", "flag") and value.value == -1) or (
            kind == "text" and value.value == ""
        )

    def _call(self, node: Call) -> Kind:
        function = FUNCTIONS.get(node.name)
        if function is None:
            near = get_close_matches(node.name.lower(), FUNCTIONS, n=1)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(FUNCTIONS)}"
            raise self._wrong(node, f"no function '{node.name[:40]}': {advice}")
        if not function.fewest <= len(node.arguments) <= function.most:
            wanted = (
                f"{function.fewest}"
                if function.fewest == function.most
                else f"{function.fewest} to {function.most}"
            )
            raise self._wrong(node, f"{node.name} takes {wanted} arguments, not {len(node.arguments)}")
        if node.name == "where":
            self._conditions(node.arguments[:1])
            self._numbers(node.arguments[1:])
        elif not (
            node.name == "missing" and isinstance(node.arguments[0], Name) and self.kind(node.arguments[0])
        ):
            self._numbers(node.arguments)
        if node.name == "inside":
            self._corners(node, node.arguments[2:])
        return "condition" if function.is_condition else "number"

    def _corners(self, node: Node, corners: tuple[Node, ...]) -> None:
        for corner in corners:
            if not isinstance(corner, Number):
                raise self._wrong(corner, f"{corner} is no plain number: the corners of a polygon are")
        if len(corners) % 2:
            raise self._wrong(
                node, f"{len(corners)} numbers make no corners: inside(x, y, x1, y1, x2, y2, x3, y3, ...)"
            )


def unit(node: Node, described: Mapping[str, Column]) -> str | None:
    """Find the unit of a number: kept by what keeps units, "" where unknown, None where any would fit."""
    match node:
        case Number():
            return None
        case Name(name):
            return described[name].unit
        case Negative(part) | Call("abs", (part,)):
            return unit(part, described)
        case Arithmetic("+" | "-") | Call("min" | "max"):
            units = {unit(part, described) for part in node.parts} - {None}
            return units.pop() if len(units) == 1 else ""
        case _:
            return ""
