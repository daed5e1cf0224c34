"""The words of the vocabulary: what a template or a document calls a field is read as that field."""

from __future__ import annotations

import pytest

from toolkit.app.languages import language
from toolkit.core.countries import foldings
from toolkit.market.layouts.fields import FIELDS, NOTHING
from toolkit.market.layouts.vocabulary import vocabulary

OF_SHAPES = (NOTHING, "series")
"""Fields that an owner confirms of a column, whatever it is called."""


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("kind", FIELDS)
def test_the_names_of_fields_are_headers_of_them(kind: str, lang: str):
    known, say = vocabulary().headers[kind], language(lang)
    for key in (field.key for field in FIELDS[kind] if field.key not in OF_SHAPES):
        for word in (key, say.term("column", key)):
            assert {known.get(spelling) for spelling in foldings(word)} - {None} == {(key, True)}, word
