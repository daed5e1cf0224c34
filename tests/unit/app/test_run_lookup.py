"""Every command finds a stored run by the same words, and says the same of a word that means none."""

from __future__ import annotations

import pytest

from toolkit.app.run_store.lookup import find, meant, remedy
from toolkit.app.runs import REPORTS, RUNS, store
from toolkit.core.errors import DataError

NAMES = [f"2026-11-{day:02}-own-{day:02}af{day:02}" for day in range(1, 21)]


@pytest.fixture
def output(tmp_path):
    for name in NAMES:
        store(tmp_path / RUNS, name, {"run.json": b"{}"})
    store(tmp_path / REPORTS, "2026-11-30-backtest-ffff", {"run.json": b"{}"})
    return tmp_path


@pytest.mark.parametrize("kinds", [(RUNS, REPORTS), (RUNS, REPORTS, "sweeps")])
@pytest.mark.parametrize(
    ("word", "name"),
    [
        (NAMES[4], NAMES[4]),
        ("2026-11-05", NAMES[4]),
        ("05af", NAMES[4]),
        ("2026-11-30", "2026-11-30-backtest-ffff"),
        ("last", "2026-11-30-backtest-ffff"),
        ("nothing", None),
        ("", None),
    ],
)
def test_words_that_mean_a_run(output, kinds, word, name):
    found = meant(word, output, kinds)
    assert (found and found.name) == name


def test_a_folder_and_its_object_are_the_run(output):
    run = output / RUNS / NAMES[0]
    assert meant(str(run), output) == meant(str(run / "run.json"), output) == run


def test_a_file_of_lots_is_no_run_whatever_its_name(output, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2026-11-05").write_text("metal\n")
    assert meant("2026-11-05", output) is None


def test_a_word_of_several_is_told_with_some(output):
    with pytest.raises(DataError, match="20 stored runs are meant by '2026-11-'") as told:
        meant("2026-11-", output, (RUNS,))
    assert told.value.hint == f"Write more of the id: {', '.join(NAMES[:3])}."


def test_a_word_of_none_names_the_nearest_or_the_last_and_never_all(output, tmp_path):
    assert "2026-11-05-own-05af05" in remedy("2026-11-05-own-05af06", output)
    with pytest.raises(DataError, match="no run 'xyz' is stored") as told:
        find("xyz", output)
    assert told.value.hint == (
        f"Written last: 2026-11-30-backtest-ffff, {NAMES[19]}, {NAMES[18]}. `toolkit runs list` shows every run."
    )
    assert remedy("x", tmp_path / "none") == "Run a strategy first, or name the folder with --out."
