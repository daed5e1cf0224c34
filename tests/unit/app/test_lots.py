"""Names of metals and their forms in holdings files, by the bundled ledger."""

from __future__ import annotations

import pytest

from tests.subjects import context
from toolkit.app.lots import LotNames
from toolkit.core.errors import DataError


@pytest.mark.parametrize(
    ("text", "asset", "form"),
    [
        ("Tungsten APT", "tungsten", "compound"),
        ("Wolfram ammonium paratungstate", "tungsten", "compound"),
        ("Indium phosphide", "indium", "phosphide"),
        ("Antimony trioxide", "antimony", "oxide"),
    ],
)
def test_a_metal_before_a_form_of_a_notice_is_read(text, asset, form):
    names = LotNames(context().ledger, context().products)
    key, words = names.asset(text)
    assert (key, names.form(key, words or "")) == (asset, form)


def test_a_metal_before_words_that_are_no_form_is_asked_about():
    with pytest.raises(DataError, match="unknown asset") as caught:
        LotNames(context().ledger, context().products).asset("Gallium shavings of unknown make")
    assert "Write gallium as the asset" in caught.value.hint
