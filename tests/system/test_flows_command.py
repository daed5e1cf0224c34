"""`toolkit flows` as a user runs it."""

from __future__ import annotations

import json
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
    assert "a single point and part of no series: April 2026 Chinese exports: gallium 3 kg (all Malaysia)" in told
    assert "EV081: trade-press report on Chinese customs data" in told


def test_json_is_one_object(toolkit):
    answer = json.loads(toolkit("flows", "bismuth", "--json", *AS_OF).stdout)
    running = [c for c in answer["flows"][0]["collapses"] if c["running"]]
    assert [(c["partner"], c["onset"]) for c in running] == [("CHN", "2025-04-30")]
    assert answer["data"][0]["licence"]


def test_an_unknown_metal_is_exit_3_with_the_nearest_names(toolkit):
    done = toolkit("flows", "galium", "--json")
    assert done.returncode == 3
    assert "'gallium'" in json.loads(done.stdout)["error"]["hint"]


def test_without_a_metal_every_flow_has_a_row(toolkit):
    done = toolkit("flows", *AS_OF)
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    alerts = [line for line in done.stdout.splitlines() if "ALERT" in line]
    record = json.loads(toolkit("flows", *AS_OF, "--json").stdout)
    running = {
        (flow["asset"], collapse["onset"])
        for flow in record["flows"]
        for collapse in flow["collapses"]
        if collapse["running"] and collapse["partner"] in ("CHN", "WLD")
    }
    assert {("antimony", "2025-05-31"), ("bismuth", "2025-04-30")} <= running
    assert len(alerts) == len(running)
    for metal, onset in running:
        assert any(metal.replace("_", " ") in line and onset[:7] in line for line in alerts), metal


@pytest.mark.testdata
@needs_testdata
def test_the_graphite_drop_of_december_2023(toolkit):
    done = toolkit("flows", "graphite_flake", "--file", str(TESTDATA), *AS_OF)
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    assert "HS 250410, graphite flake" in told
    assert "flow with all partners collapsed from 2023-12" in told
    assert "2023-12-01 No. 39/2023 (licence), all partners" in told


@pytest.mark.testdata
@needs_testdata
def test_the_mixed_code_shows_no_stop_and_says_why(toolkit):
    done = toolkit("flows", "gallium", "--file", str(TESTDATA), *AS_OF)
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    assert "HS 811292 counts gallium, germanium, indium, hafnium" in told
    assert "its total cannot show that trade in one of them stops" in told
    assert "2023-08-01 No. 23/2023 (licence), all partners" in told
    assert "no stop shown, and none of one metal could show" in told
