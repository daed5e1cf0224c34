"""The corpus of strangers' files is whole: a truth for each file, an answer or a refusal, and meanings that are known."""

import pytest

from tests.strangers import FOLDER, Stranger, strangers, texts

FILES = (*strangers("lots"), *strangers("prices"))


def test_every_file_has_a_truth():
    assert {file.path for file in FILES} | {FOLDER / "truth.toml"} == set(FOLDER.iterdir())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path.name)
def test_a_file_is_answered_or_refused(file: Stranger):
    assert file.refuse != bool(file.lots or file.prices)
    assert file.kind == "trap" or not file.refuse
    assert file.kind != "tidy" or not (file.asks or file.layout.keys() & {"words", "remarks", "leave_out"})
    assert file.refuse or file.layout["columns"]


def test_remarks_have_a_known_meaning():
    meanings = set(texts("remark_texts").values()).union(*(file.layout.get("remarks", {}).values() for file in FILES))
    assert meanings == {"stored", "in_transit", "ordered", "at_risk", "not_mine", "no_meaning"}
