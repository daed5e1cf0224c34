"""Names in files of the user: metals, forms, products and instruments."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from toolkit.controls.events import end_user_of
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.purity import grades_apart, purity_fraction
from toolkit.core.assets import Universe
from toolkit.core.countries import foldings
from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.messages import message, named, together
from toolkit.core.trade_names import (
    ELEMENTS,
    METALS,
    SYMBOLS,
    coin_and_metal,
    is_mix,
    metal_and_form,
    metal_of_code,
    metal_within,
    without_terms,
)
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers.cells import without_purity

LESS_PURE = 0.01
"""A fineness that is lower than the product's by this or more is another good; less is within what dealers trade as one."""
PRECIOUS = "precious_metals"
TICKER = 6
"""Letters of a text in capitals that may be the ticker of a listed instrument."""


@dataclass(frozen=True, slots=True)
class LotNames:
    """Names in a holdings file: metals, forms, products and instruments. All commands use this rule.

    Attributes:
        ledger: Known metals and forms.
        products: Traded products, with their form.
        instruments: Assets of the user's own prices that are no product, by their names there.
    """

    ledger: ControlLedger
    products: Universe
    instruments: tuple[str, ...] = ()
    _known: dict[str, str] = field(init=False, repr=False, compare=False)
    _read: dict[str, tuple[str, str | None]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _precious: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Names of the metals that the ledger knows, by their folded spellings."""
        known = {spelling: key for spelling, key in METALS.items() if key in self.ledger.assets}
        known |= {spelling: key for spelling, key in vocabulary().meanings["metals"].items() if key in self.ledger.assets}
        known |= {spelling: key for key in self.ledger.assets for spelling in foldings(key)}
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_precious", frozenset(one.key for one in self.products if one.group == PRECIOUS))

    def asset(self, text: str) -> tuple[str, str | None]:
        """Asset key, and the words for a form that stand with it (``Gallium ingot``).

        A name in capitals that is spelled as a series of the user's prices is that series (``W``, ``GOLD``).

        Raises:
            DataError: for a name that nothing has, and for any other that a metal and a series of the user's prices share.
        """
        if text not in self._read:  # a name stands in many rows
            self._read[text] = self._asset(text)
        return self._read[text]

    def _asset(self, text: str) -> tuple[str, str | None]:
        if text.isupper() and text in self.instruments and not self.other_good(text):
            return text, None
        listed = {spelling: name for name in self.instruments for spelling in foldings(name)}
        instrument = next((listed[spelling] for spelling in foldings(text) if spelling in listed), None)
        if (of_code := metal_of_code(text)) in self.ledger.assets:
            return of_code, None
        metal = metal_and_form(text, self._known) or self._metal_and_form_of_a_notice(text)
        # A series of a form, as `Terbium Metall`, is the price of what it names.
        if instrument and metal and instrument != metal[0] and not self.other_good(instrument):
            hint = message(
                "{text!r:s} is {metal:s} and a series of your prices: write {metal:s}, or rename the series.",
                text=text,
                metal=metal[0],
            )
            raise DataError("{text!r:s} has two meanings.", hint=hint, text=text)
        if metal:
            return metal
        if instrument and not self.other_good(instrument):  # else a metal, and its purity: "Gallium 7N"
            return instrument, None
        coin = coin_and_metal(text, self._known)
        if coin:
            words, key = coin
            if key is None:
                hint = message("It is struck in gold and in silver: write 'Gold {text:s}' or 'Silver {text:s}'.", text=text)
                raise DataError("{text!r:s} has two meanings.", hint=hint, text=text)
            return key, words
        first = foldings(text.partition(" ")[0])
        of_first = next((ELEMENTS[word] for word in first if len(word) > 2 and word in ELEMENTS), None)
        name = ELEMENTS.get(foldings(text)[0]) or (of_first if of_first not in self.ledger.assets else None)
        name = name or (text if foldings(text)[0].startswith("ferro") else None)  # no slip of its metal: FeW is no tungsten
        if name:
            hint = message("Nothing is known of {name:s}. Bring its price with --prices, or take the lot out.", name=name)
            raise DataError("unknown asset {text!r:s}.", hint=hint, text=text)
        names = (*self.ledger.assets, *self.instruments)
        near = did_you_mean(text, names)
        own = message("A listed instrument needs its price: give it with --prices.")
        near = near if near.startswith("Did") else ""
        if not near and text.isalpha() and (meant := self.metal_within(text)):  # a name in another language
            near = message("Did you mean {names: or }?", names=named([meant]))
        if is_mix(text):
            near = message("It is of two metals: write a lot of each, with the mass and the form of each.")
        elif self.first_word(text):
            near = message(
                "Write {metal:s} as the asset, and what it is made into in the column form.", metal=self.first_word(text)
            )
        ticker = text.isupper() and len(text) <= TICKER
        names_of = message("Metals are read by symbol and by English or German name.")
        hint = together(near or ("" if ticker else names_of), own if ticker or not near else "")
        raise DataError("unknown asset {text!r:s}.", hint=hint, text=text)

    def _metal_and_form_of_a_notice(self, text: str) -> tuple[str, str] | None:
        """``Tungsten APT``: a metal, and a form by the words of a notice; None for what is not both."""
        asset, words = self.first_word(text), text.partition(" ")[2]
        try:
            return (asset, words) if asset and words and self.form(asset, words) else None
        except DataError:
            return None

    def first_word(self, text: str) -> str | None:
        """The metal that the first word of a name is."""
        return next((self._known[word] for word in foldings(text.partition(" ")[0]) if word in self._known), None)

    def metal_within(self, text: str) -> str | None:
        """The metal that a word of a name is; None for a ticker (``TIN``), as for what names none."""
        metal = None if text.isupper() and len(text) <= TICKER and text.casefold() in METALS else metal_within(text)
        return metal if metal in self.ledger.assets else None

    def series(self, name: str) -> str | None:
        """The metal whose series a name in a price file means; None for a series of its own, as of a form or grade not traded.

        A symbol counts in its own spelling and for products alone: ``AG`` may be a ticker.

        Raises:
            DataError: for powder that may be the metal or the oxide.
        """
        text, purity = without_purity(without_terms(name))
        if len(text) <= 2 and text.isascii() and SYMBOLS.get(text) not in self.products:
            return None
        asset, words = metal_and_form(text, self._known) or ("", None)
        if not asset:
            return None
        usual = self.products[asset].purity if asset in self.products else None
        stated, least = purity_fraction(purity), purity_fraction(usual)
        if self.is_precious(asset):
            if stated and least and stated <= least - LESS_PURE:
                return None
        elif grades_apart(usual, purity):
            return None
        traded = self.traded_form(asset)
        return asset if (self.form(asset, words) if words else traded) == traded else None

    def other_good(self, name: str) -> tuple[str, str, str | None] | None:
        """Metal, form and purity that a name in a price file means where one of the latter is not the product's own.

        ``Terbium Metall``, ``Gallium 7N``; None for what is traded and for no metal.
        """
        text, purity = without_purity(without_terms(name))
        asset, words = metal_and_form(text, self._known) or self._metal_and_form_of_a_notice(text) or ("", None)
        traded = self.traded_form(asset)
        form = self.form(asset, words) if words else traded
        if form is None:
            return None
        is_other = form != traded or (not self.is_precious(asset) and grades_apart(self.products[asset].purity, purity))
        return (asset, form, purity) if is_other else None

    def form(self, asset: str, text: str) -> str:
        """The form of a metal; see `ControlLedger.form`. It reads as itself: a nitrate is asked where ``compound`` would be."""
        return self.ledger.form(asset, self.ledger.form(asset, text))

    def traded_form(self, asset: str) -> str | None:
        """The form of the product, None where there is none."""
        return self.products[asset].form if asset in self.products else None

    def end_user(self, text: str) -> str:
        """The end user that a text means, as of `end_user_of`."""
        return end_user_of(text)

    def is_listed(self, asset: str) -> bool:
        """Whether it is an instrument with a price of the user's own and no metal of the ledger."""
        return asset not in self.ledger.assets

    def is_precious(self, asset: str) -> bool:
        """Whether it is a precious metal, whose ounce is the troy ounce."""
        return asset in self._precious


def instruments_of(prices: pl.DataFrame | None, ledger: ControlLedger) -> tuple[str, ...]:
    """The assets of the user's prices that are no metal of the ledger."""
    return () if prices is None else tuple(sorted(set(prices["asset"]) - set(ledger.assets)))
