"""The page on strategies cannot drift: its reference is what the command prints, its examples are what is shipped."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from toolkit.app.strategies.language import language
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.objectives import objective_kinds
from toolkit.risk_measures import measures
from toolkit.strategy.decode import decode_strategy, load_strategy

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "strategies.md").read_text(encoding="utf-8")
SHIPPED = sorted((REPOSITORY / "strategies").glob("*.toml"))
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
RUNS = re.findall(r'`toolkit optimize ([\w-]+) --set "?([^"`]+)"?`', PAGE)
LEAST = {"about": {"title": "t", "idea": "i", "source": "s"}, "objective": {"kind": "min_risk"}}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_strategy_is_named(path):
    assert f"`{path.stem}`" in PAGE


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_an_example_is_a_piece_of_its_file_or_decodes(block):
    first, _, rest = block.partition("\n")
    if first.startswith("# strategies/"):
        assert rest in (REPOSITORY / first.removeprefix("# ")).read_text(encoding="utf-8")
    else:
        decode_strategy({**LEAST, **tomllib.loads(block)}, name="example", file="docs/strategies.md")


@pytest.mark.parametrize(("name", "setting"), RUNS)
def test_a_setting_of_the_page_fits_its_strategy(name, setting):
    path = REPOSITORY / "strategies" / f"{name}.toml"
    assert load_strategy(path, (setting,)).fingerprint != load_strategy(path).fingerprint


def test_three_examples_are_real_files():
    assert len({block.splitlines()[0] for block in BLOCKS if block.startswith("# strategies/")}) >= 3
    assert len(RUNS) >= 2


def test_every_kind_and_every_table_has_an_entry():
    entries = language()
    kinds = {(entry.table, entry.kind) for entry in entries}
    assert {("[objective]", kind) for kind in objective_kinds()} <= kinds
    assert {("[[constraint]]", kind) for kind in constraint_kinds()} <= kinds
    assert {("measure", name) for name in measures()} <= kinds
    tables = {entry.table for entry in entries}
    nested = ["[[universe.offer]]", "[[costs.sites]]", "[costs.vat]", "[[forecast.returns.views]]", "[forecast.scenarios]"]
    assert {*nested, "[[scenario]]", "[[view]]", "[view.probability|mean|volatility]", "[forecast.returns.prior]"} <= tables


def test_every_entry_and_every_key_has_words():
    for entry in language():
        assert len(entry.says) > 20, entry.table
        for key in entry.keys:
            assert len(key.says) > 4, (entry.table, entry.kind, key.key)
            assert key.type != "any", (entry.table, entry.kind, key.key)


@pytest.mark.parametrize(("asked", "tables"), [("risk_limit", 1), ("costs.vat", 1), ("vat", 1), ("mean", 1), ("cvar", 1)])
def test_one_entry_on_request(toolkit, asked, tables):
    assert len(json.loads(toolkit("strategies", "language", asked, "--json").stdout)["language"]) == tables


def test_a_kind_that_is_not_there_is_an_error_with_the_nearest_name(toolkit):
    answer = toolkit("strategies", "language", "risk_limits")
    assert answer.returncode == 2
    assert "risk_limit" in answer.stderr
