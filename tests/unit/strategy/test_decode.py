import tomllib

import pytest

from toolkit.core.errors import SpecError
from toolkit.strategy.decode import decode_strategy, override
from toolkit.strategy.model import months

GOOD = {
    "about": {"title": "T", "idea": "I", "source": "S"},
    "objective": {"kind": "min_risk"},
    "constraint": [{"name": "cap", "kind": "bounds", "upper": 0.3}],
}


def decode(data):
    return decode_strategy(data, name="x", file="x.toml")


def test_every_fault_is_told_at_once():
    with pytest.raises(SpecError) as refused:
        decode(
            {
                "about": {"idea": "I"},
                "objectve": {},
                "objective": {"kind": "min_rsk"},
                "forecast": {"covariance": {"kind": "facto"}, "lookback": "ages"},
                "constraint": [
                    {"name": "a", "kind": "bounds"},
                    {"name": "a", "kind": "group", "upr": 1, "upper": 20},
                    {"name": "b", "kind": "cash", "lower": 0.5, "upper": 0.1},
                    {"kind": "lots"},
                    {"name": "c"},
                    {"name": "d", "kind": "lot"},
                ],
            }
        )
    told = {(fault["key"], fault["hint"]) for fault in refused.value.details["faults"]}
    keys = {key for key, _ in told}
    assert {
        "about.title",
        "objectve",
        "objective.kind",
        "forecast.covariance",
        "forecast.lookback",
        "constraint 'a'",
        "constraint 'a'.upr",
        "constraint 'a'.upper",
        "constraint 'b'",
        "constraint 4.name",
        "constraint 'c'.kind",
        "constraint 'd'.kind",
    } <= keys
    hints = dict(told)
    assert "'min_risk'" in hints["objective.kind"]
    assert "'objective'" in hints["objectve"]
    assert "'upper'" in hints["constraint 'a'.upr"]
    assert "'lots'" in hints["constraint 'd'.kind"]
    assert "'factor'" in hints["forecast.covariance"]


def test_a_name_twice_is_refused():
    with pytest.raises(SpecError, match="named twice"):
        decode({**GOOD, "constraint": GOOD["constraint"] * 2})


def test_the_fingerprint_is_of_what_it_does_not_of_how_it_is_told():
    first = decode(GOOD)
    translate = decode({**GOOD, "about": {"title": "Other", "idea": "words", "source": "S"}, "solver": {"gap": 1e-3}})
    assert first.fingerprint == translate.fingerprint
    assert decode(override(GOOD, ("constraint.cap.upper=0.4",))).fingerprint != first.fingerprint


def test_overrides_reach_tables_and_constraints_by_name():
    data = {**GOOD, "constraint": [{"name": "at 1.5 times", "kind": "bounds", "upper": 0.3}]}
    changed = decode(override(data, ("objective.risk_aversion=5", "constraint.at 1.5 times.upper=0.4", "solver.gap = 1e-4")))
    assert changed.objective.risk_aversion == 5
    assert changed.constraints[0].upper == 0.4
    assert changed.solver.gap == 1e-4
    assert data["constraint"][0]["upper"] == 0.3


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ("objective.risk_aversion", "KEY=VALUE"),
        ("x=1", "KEY=VALUE"),
        ("objctive.kind=1", "not a table"),
        ("constraint.cpa.upper=1", "no constraint"),
        ("objective.kind.deep=1", "a value, not a table"),
    ],
)
def test_overrides_that_reach_nothing_are_refused(setting, word):
    with pytest.raises(SpecError, match=word):
        override(GOOD, (setting,))


def test_an_override_is_a_value_of_toml_whose_decimal_mark_is_the_point():
    changed = decode(override(GOOD, ("objective.risk_aversion=2.125", "constraint.cap.upper=1.000")))
    assert changed.objective.risk_aversion == 2.125
    assert changed.constraints[0].upper == 1.0


def test_periods():
    assert months("36 months") == 36
    assert months("3 years") == 36
    assert months("1 year") == 12
    for text in ("3", "years", "-3 years", "0 months", "3 weeks"):
        with pytest.raises(ValueError, match="period"):
            months(text)


def test_what_a_strategy_says_of_itself_is_its_authors_business():
    bare = decode({"objective": {"kind": "min_risk"}})
    assert (bare.about.title, bare.about.idea, bare.about.source) == ("x", "", "")
    assert decode({"about": {"title": "T"}, "objective": {"kind": "min_risk"}}).fingerprint == bare.fingerprint
    assert decode_strategy(tomllib.loads(bare.to_toml()), name="x", file="x.toml") == bare
