"""Linear expressions as text: ``gallium + germanium <= 0.3``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from toolkit.core.assets import CASH
from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.core.expression import terms
from toolkit.core.messages import message
from toolkit.optimize.constraints.base import ConstraintData, LinearConstraint, Relaxable, outward

DECIMALS = 9
"""Decimals beyond which no constant of an equality is tried."""
_RELATION = re.compile(r"<=|>=|==|!=|=<|=>|≤|≥|(?<=\s)[<>=](?=\s)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_OPERATOR = re.compile(r"[()^/]|\S[+-]\S")


@dataclass(frozen=True, slots=True)
class Sum:
    """One side of a relation: coefficients of names, and a constant."""

    names: tuple[tuple[float, str], ...]
    constant: float

    @classmethod
    def of(cls, text: str) -> Sum:
        """The sum that `text` writes; quotes around a name are optional.

        Raises:
            ValueError: for what is not a sum.
        """
        names, constant = [], 0.0
        for coefficient, written in terms(text):
            quoted = len(written) > 2 and written[0] == written[-1] and written[0] in "\"'"
            name = written[1:-1] if quoted else written
            if not quoted and _NUMBER.fullmatch(name):
                constant += coefficient * float(name)
            else:
                names.append((coefficient, name))
        return cls(tuple(names), constant)

    def __str__(self) -> str:
        pieces = [(c, name if abs(c) == 1 else f"{abs(c):.12g} * {name}") for c, name in self.names]
        if self.constant or not pieces:
            pieces.append((self.constant, f"{abs(self.constant):.12g}"))
        text = " ".join(f"{'-' if c < 0 else '+'} {piece}" for c, piece in pieces)
        return text.removeprefix("+ ")


@dataclass(frozen=True, slots=True)
class Relation:
    """`left` sign `right`, the sign one of ``<=``, ``>=`` and ``==``."""

    left: Sum
    sign: str
    right: Sum

    @classmethod
    def of(cls, expression: str) -> Relation:
        """The relation that `expression` writes.

        Raises:
            ValueError: in the user's words, with the spot.
        """
        signs = _RELATION.findall(expression)
        if len(signs) != 1:
            told = f"not {' and '.join(signs)}" if signs else "and has none"
            raise ValueError(
                message("needs exactly one of <=, >= and ==, {told}: {expression!r:s}", told=told, expression=expression)
            )
        if signs[0] not in ("<=", ">=", "=="):
            raise ValueError(
                message(
                    "must be written with <=, >= or ==, not {signs!r:s}: {expression!r:s}",
                    signs=signs[0],
                    expression=expression,
                )
            )
        left, right = (Sum.of(side) for side in expression.split(signs[0]))
        if not left.names and not right.names:
            raise ValueError(message("names no asset: {expression!r:s}", expression=expression))
        return cls(left, signs[0], right)

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


class Linear(Relaxable):
    """A relation between sums of weights, each side with any number of terms and constants.

    Names are asset keys, ``cash``, and element symbols, which stand for all products of that metal together.
    """

    kind: Literal["linear"] = "linear"
    expression: str = Field(kw_only=False)

    @field_validator("expression")
    @classmethod
    def _is_linear(cls, text: str) -> str:
        Relation.of(text)
        return text

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: left minus right."""
        relation = Relation.of(self.expression)
        coefficients = np.zeros((1, len(data.universe) + 1))
        for sign, side in ((1.0, relation.left), (-1.0, relation.right)):
            for coefficient, name in side.names:
                coefficients[0, self._columns(name, data)] += sign * coefficient
        if not coefficients.any():
            raise SpecError(
                "constraint {name!r:s}: everything in {expression!r:s} cancels.", name=self.name, expression=self.expression
            )
        limit = relation.right.constant - relation.left.constant
        lower, upper = (None if relation.sign == "<=" else limit), (None if relation.sign == ">=" else limit)
        return LinearConstraint.of((self.expression,), coefficients, lower, upper)

    def _columns(self, name: str, data: ConstraintData) -> list[int]:
        if name == CASH:
            return [len(data.universe)]
        try:
            return list(data.universe.members(name))
        except DataError as error:
            known = (*data.universe.keys, *data.universe.elements, CASH)
            where = f"constraint {self.name!r}"
            if _OPERATOR.search(name):
                raise SpecError(
                    "{where:s}: {expression!r:s} is not linear at {name!r:s}.",
                    hint="Write sums of names, each with at most a number and * before it, and + and - between blanks.",
                    where=where,
                    expression=self.expression,
                    name=name,
                ) from error
            raise DataError(
                "{where:s}: {name!r:s} in {expression!r:s} is neither an asset nor an element here.",
                hint=did_you_mean(name, known),
                details=error.details,
                where=where,
                name=name,
                expression=self.expression,
            ) from None

    def without(self, absent: Collection[str]) -> Linear | None:
        """The relation of the other names; None where it has none."""
        relation = Relation.of(self.expression)
        left, right = (
            Sum(tuple(one for one in side.names if one[1] not in absent), side.constant)
            for side in (relation.left, relation.right)
        )
        if not left.names and not right.names:
            return None
        return self.model_copy(update={"expression": str(Relation(left, relation.sign, right))})

    def relaxed(self, side: str, move: float, digits: int) -> Mapping[str, str]:
        """The expression with another constant on its right; an equality that no rounded constant meets is left open there."""
        relation = Relation.of(self.expression)
        if relation.sign == "==" and digits > DECIMALS:
            return {"expression": str(replace(relation, sign=">=" if side == "upper" else "<="))}
        right = Sum(relation.right.names, outward(relation.right.constant, side, move, digits))
        return {"expression": str(Relation(relation.left, relation.sign, right))}
