"""Dimensions of one piece of metal: notices name some forms only from a size on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod

from toolkit.core.errors import SpecError
from toolkit.core.limits import check_number
from toolkit.core.messages import message

_NUMBER = r"\d+(?:[.,]\d+)?"
_MASS = re.compile(rf"(?:({_NUMBER})|(\d+)[/⁄](\d+))\s*(kg|g|ozt)")
_SIZE = re.compile(rf"[ø⌀]?\s*({_NUMBER})\s*(?:mm)?\s*[x×*]\s*({_NUMBER})\s*(?:mm)?(?:\s*[x×*]\s*({_NUMBER})\s*(?:mm)?)?")


DENSEST = 22.6e-6
"""kg/mm3 of osmium: no piece is heavier than its box filled with it."""


@dataclass(frozen=True, slots=True)
class PieceSize:
    """One solid piece.

    Attributes:
        dimensions: mm, largest first, of the box around the piece; None when only its mass is known.
        mass: kg; None when not known.
    """

    dimensions: tuple[float, float, float] | None = None
    mass: float | None = None

    @classmethod
    def parse(cls, text: str, option: str = "--size") -> PieceSize:
        """A size such as ``30x700`` (diameter x length), ``120x120x50`` (mm), ``5kg``, ``800 g``, ``1 ozt`` or ``1/10 ozt``.

        Raises:
            SpecError: for any other text.
        """
        told = text.strip().casefold()
        if found := _MASS.fullmatch(told):
            from toolkit.core.units import KG_PER_UNIT  # noqa: PLC0415  (numpy, which no list of commands needs)

            number, above, below, unit = found.groups()
            # A part of one alone: ½ behind a number is composed as 11⁄2, too.
            part = 0.0 if number or int(above) >= int(below) else int(above) / int(below)
            mass = (_positive(number, option) if number else part) * KG_PER_UNIT[unit]
            if mass:
                return cls(mass=mass)
        elif found := _SIZE.fullmatch(told):
            sides = [_positive(side, option) for side in found.groups() if side]
            if all(sides):
                a, b, c = sorted(sides if len(sides) == 3 else (sides[0], sides[0], sides[1]), reverse=True)
                return cls(dimensions=(a, b, c))
        hint = message("Write diameter x length (30x700) or three sides (120x120x50) in mm, or the mass of one piece (5kg).")
        raise SpecError("{option} {text!r:s} is no size of a piece.", hint=hint, option=option, text=text)

    def __str__(self) -> str:
        """The text that `parse` reads."""
        if self.dimensions is None:
            return f"{self.mass:.12g} kg"
        return f"{'x'.join(f'{side:.12g}' for side in self.dimensions)} mm"

    def reaches(self, sides: tuple[float, ...], mass: float | None) -> bool | None:
        """Whether the piece is as large as `sides` (mm) and as heavy as `mass` (kg); None when that is not known.

        Of a piece whose mass is not known the box around it says how heavy it is at most.
        """
        at_most = prod(self.dimensions) * DENSEST if self.mass is None and self.dimensions else self.mass
        if mass is not None and at_most is not None and at_most < mass:
            return False
        if self.dimensions is None if sides else self.mass is None:
            return None
        if self.dimensions is None:
            return True
        return all(own >= side for own, side in zip(self.dimensions, sorted(sides, reverse=True), strict=False))


def _positive(text: str, option: str) -> float:
    return check_number(option, float(text.replace(",", ".")))
