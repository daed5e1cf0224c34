"""A set of scenarios is refused by its numbers, before anything of its size is made."""

import tracemalloc

import pytest

from toolkit.cli.main import run
from toolkit.core.errors import SpecError
from toolkit.scenarios.sets import MOST_RETURNS, check_size


def test_the_limit_is_told_with_what_may_be_asked_for():
    check_size(MOST_RETURNS // 10, 10, "draws")
    with pytest.raises(
        SpecError, match=r"1,000,001 draws of 10 assets are 10,000,010 returns, more than the limit of 10,000,000"
    ) as refused:
        check_size(MOST_RETURNS // 10 + 1, 10, "1,000,001 draws")
    assert "1,000,000 scenarios" in refused.value.hint


def test_a_million_draws_take_no_memory(capsys):
    tracemalloc.start()
    try:
        code = run(
            ["optimize", "ratio-over-cvar", "--set", 'forecast.scenarios={kind="historical", draws=1000000}', "--no-report"]
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert code == 2
    assert "more than the limit of 10,000,000" in capsys.readouterr().err
    assert peak < 200e6
