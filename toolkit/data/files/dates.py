"""Dates as spreadsheets, brokers and pandas write them, turned into ISO text where a column can be read in one way only."""

from __future__ import annotations

import polars as pl

_STYLES = (
    # midnight with or without a zone, as pandas writes the index of daily prices
    (r"^([12][0-9]{3}-[0-9]{2}-[0-9]{2})[ T]00:00(?::00(?:\.0+)?)?\s?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2})?$", "%Y-%m-%d"),
    (r"^([12][0-9]{3}[01][0-9][0-3][0-9])$", "%Y%m%d"),
    (r"^([12][0-9]{3}/[0-9]{1,2}/[0-9]{1,2})$", "%Y/%m/%d"),
    (r"^([0-9]{1,2}\.[0-9]{1,2}\.[12][0-9]{3})$", "%d.%m.%Y"),
    (r"^([A-Z][a-z]{2} [0-9]{1,2}, [12][0-9]{3})$", "%b %d, %Y"),
    (r"^([A-Z][a-z]{3,8} [0-9]{1,2}, [12][0-9]{3})$", "%B %d, %Y"),
)
_SLASHED = r"^([0-9]{1,2})/([0-9]{1,2})/[12][0-9]{3}$"


def iso_text(text: pl.Series) -> tuple[pl.Series, bool]:
    """Dates of one style as ISO text, anything else as it is, and whether day and month cannot be told apart.

    With points the day comes first. With slashes a number above 12 somewhere in the column settles which is the day.

    Args:
        text: Strings, null where there is no date.
    """
    given = text.drop_nulls()
    if given.is_empty():
        return text, False
    for pattern, form in _STYLES:
        if given.str.contains(pattern).all():
            return _converted(text, text.str.extract(pattern, 1), form), False
    if not given.str.contains(_SLASHED).all():
        return text, False
    first, second = (given.str.extract(_SLASHED, part).cast(pl.Int64) > 12 for part in (1, 2))
    if first.any() == second.any():
        return text, not first.any()
    return _converted(text, text, "%d/%m/%Y" if first.any() else "%m/%d/%Y"), False


def _converted(text: pl.Series, found: pl.Series, form: str) -> pl.Series:
    """ISO text of what the form reads; the cell itself where it is no day of the calendar."""
    iso = found.str.to_date(form, strict=False).dt.to_string("%Y-%m-%d")
    return pl.select(pl.coalesce(iso, text)).to_series().alias(text.name)
