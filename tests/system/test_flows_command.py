"""`toolkit flows` as a user runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

TESTDATA = Path(__file__).parents[3] / "shared" / "testdata" / "china_exports_hs6_partner_monthly.csv"
needs_testdata = pytest.mark.skipif(not TESTDATA.exists(), reason="../shared/testdata is not here")
AS_OF = ("--as-of", "2026-11-24")


def test_gallium_with_its_reported_point(toolkit):
    done = toolkit("flows", "gallium", *AS_OF)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    told = " ".join(done.stdout.split())
    assert "April 2026 Chinese exports: gallium" in told
    assert "Single points, shown alone and never joined to a series." in told


def test_without_a_metal_every_flow_has_a_row(toolkit):
    done = toolkit("flows", *AS_OF)
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    told = " ".join(done.stdout.split()).casefold()
    record = json.loads(toolkit("flows", *AS_OF, "--json").stdout)
    running = {
        (flow["asset"], collapse["onset"])
        for flow in record["flows"]
        for one in flow["partners"]
        for collapse in one["collapses"]
        if collapse["running"]
    }
    assert {("antimony", "2025-05-31"), ("bismuth", "2025-04-30")} <= running
    assert told.count("still running; the rule held") == len(running)
    for metal, onset in running:
        assert re.search(rf"{metal.replace('_', ' ')}, [\w ]+: collapsed from {onset[:7]} \(still running", told), metal


@pytest.mark.testdata
@needs_testdata
def test_the_graphite_drop_of_december_2023(toolkit):
    done = toolkit("flows", "graphite_flake", "--file", str(TESTDATA), *AS_OF)
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    assert "Graphite flake by partner: HS 250410" in told
    assert "Graphite flake, all partners: collapsed from 2023-12" in told
    assert "No. 39/2023, 2023-12-01" in told


@pytest.mark.testdata
@needs_testdata
def test_the_mixed_code_shows_no_stop_and_says_why(toolkit):
    done = toolkit("flows", "gallium", "--file", str(TESTDATA), *AS_OF)
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    assert "HS 811292 counts gallium, germanium, indium, hafnium" in told
    assert "its total cannot show that trade in one of them stops" in told
    assert "No. 23/2023" in told
