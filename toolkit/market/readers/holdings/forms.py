"""The form of a metal that a cell beside its name says: of a purity, a specification, a packing."""

from __future__ import annotations

import contextlib
import re

from toolkit.core.countries import fold
from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.core.trade_names import is_shape
from toolkit.market.readers.cells import without_purity
from toolkit.market.readers.holdings.lots import Names

_OPEN_FORM = re.compile(
    r"powder|pulver|wafers?|substrate?s?|compounds?|verbindung(en)?|.*schrott|scrap|dross|kraetze|ito|few|fev[0-9]*|ferro\w*"
)
"""Words, as `fold` writes them, of what is no metal as it is traded, or may be none."""
_OF_A_GRADE = re.compile(r"(?i)\b\w+[ -](grade|quality|qualität|güte)\b|\bmaterial\b")
"""Words of what a metal is good for, and no form of it: ``magnet grade``."""
CONTENT = re.compile(r"%\s*(?=[A-Za-z0-9]*O\d?\b)[A-Z][A-Za-z0-9]*")
"""A content that is counted in an oxide, whatever the form: ``88,5% WO3``."""


def form_in(text: str, asset: str, names: Names) -> str | None:
    """The form of a metal that a cell names in one of its parts; None where it names none.

    Args:
        text: A cell, with a purity or a packing beside the form.
        asset: Key of the metal.
        names: How forms are recognised.
    """
    for part in re.split(r"[,;/()]", without_purity(text)[0]):
        with contextlib.suppress(DataError):
            if re.search(r"[^\W\d]{3}", part) and (form := names.known_form(asset, part)):
                return form
    return None


def form_beside(text: str, asset: str, names: Names) -> str | None:
    """The form of a metal that a cell of its purity names, whole or by one of its words; None where it names none.

    Args:
        text: A cell of the column of purities.
        asset: Key of the metal.
        names: How forms are recognised.

    Raises:
        DataError: for words of several forms, and for one that leaves the form open, as powder or scrap.
    """
    text = _OF_A_GRADE.sub(" ", text)
    if whole := form_in(text, asset, names):
        return whole
    found: dict[str, str] = {}
    unclear: DataError | None = None
    for word in sorted(re.findall(r"(?<!\w)[^\W\d]\w+", text), key=is_shape):
        if found and is_shape(word):  # of the form that is named: "oxide powder"
            continue
        try:
            found[names.form(asset, word)] = word
        except DataError as error:
            unclear = unclear or (error if _OPEN_FORM.fullmatch(fold(word)) else None)
    if len(found) > 1:
        hint = message("Write one form in the column form: {forms} are several.", forms=[*found.values()])
        raise DataError("several forms.", hint=hint)
    if unclear and not found:
        raise unclear
    return next(iter(found), None)
