"""The columns of a price file: a row a price, a series a column, or the fields of days of trading; and what is beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from toolkit.core.countries import fold, foldings
from toolkit.core.currencies import currency as currency_of
from toolkit.core.errors import DataError
from toolkit.core.messages import Message, message, named
from toolkit.core.trade_names import FORMS, metal_within
from toolkit.market.layouts.fields import IGNORE, NOTHING, SEVERAL
from toolkit.market.layouts.headers import Header, read_header, stated_in
from toolkit.market.layouts.layout import Layout, Shape
from toolkit.market.layouts.propose import MAYBE, SAID, ColumnReading, Columns, Reading, nearly
from toolkit.market.layouts.texts import as_answered, is_derived, says_none
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.tabular import Table

KIND = "prices"
Key = Callable[[str], str | None] | None
"""Name in a file -> asset that it means, None for one of the file's own."""
MONEY = ("price", "bid", "ask", "low", "high", "open", "close", "adjusted")
OF_ROWS = ("bid", "ask", "unit", "currency", "quantity", "form", "purity", "place", "side", "basis")
"""Fields that no day of trading has beside its prices."""
BESIDE_SERIES = (
    "remark", "status", "delivery", "terms", "least", "most", "valid_until", "counterparty", "source", NOTHING, IGNORE,
)  # fmt: skip
"""Fields of columns that stand beside those of the series of a wide file."""
OF_WHOM = message("it may say what a dealer pays and asks, or what you bought and sold yourself")
DERIVED = message("a sum, an average, a change or a premium of others")
PARTLY = message("it may be a sum, an average, a change or a premium of another column")
_SIDES = ("bid", "ask", "low", "high")
_MIDS = ("mid", "mittel", "mittelkurs", "mittelpreis", "avg", "average", "mean")
SIDES: Mapping[str, str] = {
    **{word: key for key in _SIDES for word in vocabulary().names(KIND, key)}, **dict.fromkeys(_MIDS, "mid"),
}  # fmt: skip
"""Word beside the name of a metal in a header -> which of its prices the column holds."""
_BESIDE = " _,:([-"
_SOME = 50
"""Cells by which a field is proposed."""


def key_of(header: str) -> str | None:
    """The field that a header names or may name."""
    return read_header(KIND, header).key


def is_known(name: str, key: Key) -> bool:
    """Whether a name is a metal's.

    Args:
        name: As in the file.
        key: Name in the file -> asset that it means, or None.
    """
    try:
        return key is not None and key(name) is not None
    except DataError:  # powder that may be two things is refused where names are read
        return True


def side_in(name: str) -> tuple[str, str] | None:
    """The name of a metal, and the kind of its price behind or before it: ``Gallium (Bid)``, ``Tief Gallium``."""
    if not any(sign in name for sign in _BESIDE):
        return None
    lowered = name.rstrip(")]").lower()
    for word, kind in SIDES.items():
        if lowered.endswith(word) and (before := name[: len(lowered) - len(word)]) and before[-1] in _BESIDE:
            return before.rstrip(_BESIDE), kind
        if lowered.startswith(word) and (behind := name[len(word) :]) and behind[0] in _BESIDE:
            return behind.lstrip(_BESIDE), kind
    return None


def states_alone(text: str) -> bool:
    """Whether a text is a currency, with what a price is per or without, and nothing else: ``USD/kg``, ``(EUR)``."""
    said = stated_in(f"x {text}")
    return " " not in text and said.name == "x" and bool(said.money)


def is_ticker(name: str) -> bool:
    """Whether a name has the letters of a ticker, in one case: ``LOW``, ``BRK.B``, ``aapl``, ``7203.T``."""
    first, _, rest = name.replace("-", ".").replace("/", ".").partition(".")
    in_one_case = name.isascii() and (name.isupper() or name.islower())
    return in_one_case and f"{first}{rest}".isalnum() and len(first) <= 5 and len(rest) <= 3


def tickers_among(names: Collection[str], odd: Collection[str]) -> tuple[str, ...]:
    """The names that are words elsewhere and tickers here, as ``LOW``, ``OPEN`` and ``W`` among shares.

    The others say so: as many tickers in the same case that are no metal.

    Args:
        names: Of series.
        odd: Those that are words of quotations, or a metal's.
    """
    others = [name.isupper() for name in names if odd and name not in odd and is_ticker(name) and not metal_within(name)]
    return tuple(name for name in odd if is_ticker(name) and others.count(name.isupper()) >= len(odd))


def holds_days(column: pl.Series) -> bool:
    """Whether every cell of a column that is not empty is a day or a month."""
    if column.dtype.is_numeric():
        return False
    written = column.alias("").drop_nulls().cast(pl.String)
    return len(written) > 0 and all(map(cells.is_day, (written[0], *written.unique())))


def is_number(text: str) -> bool:
    """Whether a text is a number, with a currency beside it or none."""
    found = cells.amount(text)
    word = (found.before or found.after) if found else ""
    return found is not None and not (found.before and found.after) and (not word or currency_of(word) is not None)


class PriceHeaders(Columns):
    """The columns of a price file, by their shape."""

    def __init__(self, table: Table, layout: Layout, is_asset: Callable[[str], bool]) -> None:
        super().__init__(table, layout, is_asset)
        read = table.cells.select(pl.all().cast(pl.Float64, strict=False).null_count()).row(0) if table.cells.width else ()
        nulls = table.cells.null_count().row(0)
        # Of hundreds of columns of numbers none is looked at further.
        self.numeric = {
            name for name, kind, bad, none in zip(table.columns, table.cells.dtypes, read, nulls, strict=True)
            if not kind.is_temporal() and bad == none < table.cells.height
        }  # fmt: skip
        self.empty = {name for name, none in zip(table.columns, nulls, strict=True) if none == table.cells.height}
        if len(dates := self._of("date")) > 1 and not self.named:  # of shares `DAY` is one
            self._free(name for name in dates if not holds_days(table.cells[name]))
        dates, fields = self._of("date"), [name for name, one in self.found.items() if one.key not in (None, "date")]
        self.tickers: tuple[str, ...] = ()
        others = [name for name in table.columns if name not in dates]
        if len(dates) == 1 and not self.named and 2 * len(fields) < len(others):
            found = tickers_among(others, fields)
            self.tickers = found if len(found) == len(fields) else ()
            self._free(self.tickers)
        self.keys = {name: one.key for name, one in self.found.items()}
        self.there = {*self.keys.values()}
        self.shape: Shape = layout.shape or self._shape()
        self.layout = layout.model_copy(update={"shape": self.shape})
        self.bare = {name: stated_in(name).name or name for name in table.columns}

    def _of(self, key: str) -> list[str]:
        return [name for name, one in self.found.items() if one.key == key]

    def _free(self, names: Any) -> None:
        """Take headers for names of which nothing is known."""
        self.found.update({name: replace(self.found[name], key=None) for name in names})

    def _shape(self) -> Shape:
        keys = self.there | {*self.layout.every}
        if "series" in keys:
            return "wide"
        sure = {one.key for one in self.found.values() if one.sure}
        ends_alone = {"high", "low"} & keys and keys <= {"date", "high", "low", IGNORE}
        traded = "open" in keys or ends_alone or ({"close", "adjusted"} & keys and "asset" not in keys)
        if traded and sure.isdisjoint(OF_ROWS):
            return "ohlc"
        bare = any(key in MONEY and not is_derived(name) for name, key in self.keys.items())
        of_metals = {self.keys[name] for name in self.keys if self.names_metals(name)}
        if "asset" in of_metals or ("asset" not in keys and (bare or keys.isdisjoint(MONEY)) and of_metals):
            return "long"
        if bare and "asset" not in keys and any(map(self._repeats_words, self.keys)):
            return "long"
        literal = {"asset", "price"} & ({name.lower() for name in self.keys} | {*self.layout.every})
        return "long" if literal or "asset" in sure or ("asset" in keys and not keys.isdisjoint(MONEY)) else "wide"

    def _words(self, name: str) -> list[str]:
        """Some cells of a column whose cells are words; none of any other."""
        column = self.table.cells[name].alias("")
        if name in self.numeric or column.dtype != pl.String or self.keys[name] == "date":
            return []
        words = [cells.tidy(text) for text in column.drop_nulls().head(_SOME)]
        others = (is_number, cells.day, cells.month)
        return [] if any(is_one(text) for text in words for is_one in others) else words

    def _repeats_words(self, name: str) -> bool:
        """Whether the cells of a column of which nothing is known are words that return: names beside the price of each."""
        return not self.keys[name] and len({*(words := self._words(name))}) < len(words)

    def names_metals(self, name: str) -> bool:
        """Whether the cells of a column are words, of which one is, or has in it, the name of a metal."""
        return any(self.is_asset(text) or metal_within(text) for text in {*self._words(name)})

    def by_cells(self, name: str) -> str | None:
        """The field whose cells a column has, where no other column is it; None for words and numbers of anything."""
        taken = self.there
        unknown = [one for one, key in self.keys.items() if key is None and all(map(is_number, self.texts(one)))]
        if "date" not in taken and holds_days(self.table.cells[name]):
            return "date"
        if taken.isdisjoint(MONEY) and unknown == [name] and not is_period(name):
            return "price"
        return "asset" if "asset" not in taken and (self.names_metals(name) or self._repeats_words(name)) else None

    def settles(self, header: Header) -> Mapping[str, Callable[[], bool]]:
        """Field -> whether a column is shown to be it.

        Args:
            header: Of the column.
        """
        name, texts, common = header.text, vocabulary().texts, super().settles(header)
        others = self.others(header)
        sure = {one.key for one in others if one.sure}
        rivals = [one.text for one in others if one.key == "asset"]

        def is_asset() -> bool:
            alone = not any(map(self.names_metals, rivals)) and (not rivals or self.names_metals(name))
            return "asset" not in sure and alone and not all(map(is_number, self.texts(name)))

        def says_nothing() -> bool:
            if fold(name) in texts["tax"]:
                return all(texts["untaxed"].issuperset(fold(text).split()) for text in self.texts(name))
            has_unit = "unit" in sure or any(one.unit not in (None, cells.PIECE) for one in self.found.values())
            return fold(name) in texts["numbering"] | (texts["packs"] if has_unit else set())

        spot = vocabulary().meanings["delivery"]
        return {
            **{key: common[key] for key in ("unit", "remark")},
            "asset": is_asset,
            "purity": lambda: all(map(_is_good, self.texts(name))),
            "delivery": lambda: all(any(one in spot for one in foldings(text)) for text in self.texts(name)),
            "quantity": lambda: all(map(is_number, self.texts(name))),
            IGNORE: says_nothing,
        }

    def of_kind(self, header: Header) -> Reading | None:  # noqa: PLR0911  # one answer a kind of column
        """What is known of a column of prices beside its word; None where that decides."""
        name, key, keys = header.text, header.key, self.there
        if self.shape == "wide":
            return self._beside_series(header)
        if is_derived(name) and not header.sure:
            return IGNORE, DERIVED, True
        if not header.sure and name in self.empty:
            return NOTHING, message("empty"), True
        if self.shape == "ohlc" and key in OF_ROWS:  # it would be read of no day
            return IGNORE, MAYBE, False
        if self.shape == "long" and key in ("low", "high") and keys & {"price", "bid", "ask"}:
            return IGNORE, message("the ends of a range beside its price"), True
        if self.shape == "long" and key in ("bid", "ask", "close") and "price" in keys:
            return None, message("another column may be {field:s} too", field="price"), False
        if key is None and states_alone(name):
            return "price", message("a currency, and what a price is of"), False
        if key is None and (any(map(str.isdigit, name)) or not nearly(KIND, fold(name))):  # EUR/10g
            return self.by_cells(name), message("its header is not known"), False
        if key is None or header.sure:
            return None
        if key == "side":
            return key, OF_WHOM, False
        if self.is_settled(header):
            return None
        if key == "asset" and fold(name) in vocabulary().texts["numbering"]:
            return IGNORE, message("beside the column that names the asset"), True
        return ("asset", message("its cells name metals"), False) if self.by_cells(name) == "asset" else None

    def _beside_series(self, header: Header) -> Reading | None:  # noqa: PLR0911  # one answer a kind of column
        """A column of a wide file: the dates, a series, or what stands beside the series."""
        name, key, is_dated = header.text, header.key, "date" in self.there
        if name in self.tickers:
            return "series", message("a ticker, as the other columns are"), True
        if key in MONEY[1:] and name.isupper() and is_dated:
            return "series", message("a ticker, or a price that does not say of what"), False
        if key and header.sure:
            is_again = key in BESIDE_SERIES and key not in SEVERAL[KIND] and self._of(key)[0] != name
            return (IGNORE, SAID, True) if is_again else None
        if name not in self.numeric:
            column = self.table.cells[name].alias("").drop_nulls().cast(pl.String)
            if not is_dated and holds_days(column):
                return "date", message("a column of days"), False
            if not column.str.contains(r"\d").any() and not all(map(says_none, column.unique())):
                return "remark", message("a column of words beside prices"), False
        if key not in (None, "asset"):
            return IGNORE, MAYBE, False
        parts = name.partition(" (")[0].split()
        for at in range(1, 1 if len(parts) > 1 and self.is_asset(name) else len(parts)):
            rest = read_header(KIND, " ".join(parts[at:]))
            if rest.key in BESIDE_SERIES and self._is_series(" ".join(parts[:at]), name):
                return IGNORE, SAID, rest.sure
        bare = name.rstrip(")] ")
        if bare.endswith("%") and not bare.rstrip("%+-/ ")[-1:].isdigit() and self._is_series(bare.rstrip("%+-/ (["), name):
            return IGNORE, DERIVED, True
        return "series", message("a column of numbers"), True

    def _is_series(self, name: str, beside: str) -> bool:
        """Whether a name is a metal's, or that of another column."""
        return self.is_asset(name) or fold(name) in {fold(bare) for one, bare in self.bare.items() if one != beside}

    def readings(self) -> list[ColumnReading]:
        """How each column is read; of a wide file sums, averages and changes of others are not where there are others."""
        readings = super().readings()
        if self.shape != "wide":
            return readings
        series = [one for one in readings if one.reads == "series" or (one.reads == "price" and is_derived(one.header))]
        free = [one.header for one in series if one.header not in self.tickers and as_answered(one.header) not in self.named]
        made = {name: is_derived(self.bare[name]) for name in free}
        if all(made.get(one.header) for one in series):
            return [replace(one, reads="series", sure=True) if made.get(one.header) else one for one in readings]
        words = vocabulary().texts["derived"]
        partly = {name for name in free if not made[name] and not words.isdisjoint(fold(self.bare[name]).split())}
        return [
            replace(one, reads=IGNORE, why=DERIVED) if made.get(one.header)
            else replace(one, reads=IGNORE, why=PARTLY, sure=False) if one.header in partly else one
            for one in readings
        ]  # fmt: skip

    def notes(self) -> list[Message]:
        """What is to be told of the headers."""
        if not self.tickers:
            return []
        told = message(
            "{file}: {names} are tickers, as the other columns are.", file=self.table.name, names=named(self.tickers)
        )
        return [told]


def _is_good(text: str) -> bool:
    """Whether a text is a purity or a form."""
    rest, purity = cells.without_purity(text)
    rest, purity = (rest, purity) if purity else cells.without_purity(f"x {text}")
    return (purity is not None and rest.strip() in ("", "x")) or any(one in FORMS for one in foldings(text))


def is_period(header: str) -> bool:
    """Whether a header is a day, a month, a quarter or a year."""
    parts = fold(header).split()
    has_year = any(len(part) == len("2026") and part.isdecimal() for part in parts)
    is_short = len(parts) > 1 and parts[0] in cells.MONTHS and parts[1].isdecimal()  # Okt-26
    return has_year or is_short or cells.day(header) is not None
