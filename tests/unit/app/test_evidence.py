"""What is stored of strategies: of exactly what is shipped, known on its day, and made again by the command."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from toolkit.app.strategies.evidence import FILE, evidence_of, stored, stored_of
from toolkit.cli.main import run
from toolkit.core.errors import GapError
from toolkit.strategy.decode import load_strategy

FOLDER = Path(__file__).resolve().parents[3] / "strategies"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
FINGERPRINTS = {name: load_strategy(FOLDER / f"{name}.toml").fingerprint for name in NAMES}


def shipped():
    found = stored()
    assert found is not None
    return found


def day():
    return date.fromisoformat(shipped().as_of)


DEAR = {"hierarchical-risk-parity"}
"""Pays more for its trades than a strategy of metal should, for the reason that docs/evidence.md gives."""
GIVES_WAY = {"return-under-cvar"}
"""Holds a limit on risk that whole lots cannot always hold."""


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_is_of_the_strategy_as_it_is_shipped(name):
    """Where this fails: toolkit strategies evidence --write strategies/evidence.json."""
    found = evidence_of(FINGERPRINTS[name], day())
    assert found is not None
    assert found.name == name
    assert len(found.refutations) == len(load_strategy(FOLDER / f"{name}.toml").about.refuted) > 0


def test_trades_after_the_first_purchase_cost_at_most_a_hundredth_and_a_half_and_decisions_leave_no_limit_exceeded():
    for one in shipped().strategies:
        if one.followed:
            assert one.limits is not None
            assert (one.followed[0].costs > 0.015) == (one.name in DEAR), one.name
            assert (one.limits.beyond > 0) == (one.name in GIVES_WAY), one.name


def test_nothing_is_known_of_it_before_its_day_or_after_a_change():
    assert evidence_of(FINGERPRINTS["minimum-risk"], day() - timedelta(days=1)) is None
    changed = load_strategy(FOLDER / "minimum-risk.toml", ("constraint.any metal.upper=0.4",))
    assert evidence_of(changed.fingerprint, day()) is None
    with pytest.raises(GapError, match="no evidence"):
        stored_of(["minimum-risk"], day() - timedelta(days=1))


def alike(found, stored) -> bool:
    """Whether two objects of JSON are the same; numbers to 1e-5, since the kernels of BLAS differ from processor to processor."""
    if isinstance(found, dict):
        return found.keys() == stored.keys() and all(alike(found[key], stored[key]) for key in found)
    if isinstance(found, list):
        return len(found) == len(stored) and all(map(alike, found, stored))
    return found == (pytest.approx(stored, rel=1e-5) if isinstance(stored, float) else stored)


def test_the_command_makes_what_is_stored(tmp_path):
    file = tmp_path / FILE
    assert run(["strategies", "evidence", "equal-weight", "--write", str(file), "--as-of", shipped().as_of, "--quiet"]) == 0
    found = json.loads(file.read_text(encoding="utf-8"))
    whole = json.loads((FOLDER / FILE).read_text(encoding="utf-8"))
    (stored,) = [one for one in whole["strategies"] if one["name"] == "equal-weight"]
    assert alike(found["strategies"], [stored])
    assert not alike(found["strategies"], [stored | {"years_needed": 2 * stored["years_needed"]}])


def test_a_verdict_needs_the_years_that_were_asked_for_and_both_kinds_of_price():
    for one in shipped().strategies:
        for row in one.refutations:
            if row.verdict != "cannot_tell":
                assert row.verdict == row.so_far
                assert (one.years or 0.0) >= row.years
            if row.so_far == "holds":
                assert row.interval is not None
                assert row.interval_prints is not None
                assert min(row.interval.low, row.interval_prints.low) > 0
        assert one.verdict != "holds" or all(row.verdict == "holds" for row in one.refutations)


def test_what_has_no_bundled_prices_says_so():
    found = evidence_of(FINGERPRINTS["listed-proxies"], day())
    assert found is not None
    assert (found.verdict, found.followed) == ("cannot_tell", ())
    assert found.missing
