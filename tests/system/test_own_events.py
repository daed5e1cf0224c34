"""Own control events through whole commands: they bind, they are the user's own wherever shown, and they stay with the run."""

import json
from pathlib import Path

import pytest

DAY = ("--as-of", "2026-11-25")
EVENT = """[[event]]
event_id = "own-1"
kind = "control"
instrument = "ban"
standing = "official"
announced = 2026-11-20
effective = 2026-11-21
authority = "MOFCOM"
number = "Own 7/2026"
origin = "China"
metals = ["Pt"]
forms = ["bar"]
citation = "seen on 20 November"
"""
CONTROLLED = {"antimony", "bismuth", "gallium", "molybdenum", "tellurium", "tungsten"}
"""Of the assets that the strategy holds, by the bundled ledger."""
LOTS = "asset,quantity,unit,origin_country,location\nplatinum,1,kg,China,Frankfurt\nGallium,12,kg,China,Frankfurt\n"


@pytest.fixture
def folder(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "own.toml").write_text(EVENT, encoding="utf-8")
    (work / "lots.csv").write_text(LOTS, encoding="utf-8")
    return work


def test_own_events_bind_in_a_run_and_stay_with_it(toolkit, folder):
    without = json.loads(toolkit("optimize", "--quiet", "--json", "--no-report", *DAY).stdout)
    room = ("--set", "constraint.under export control.upper=0.9")
    ran = toolkit("optimize", "--json", *DAY, "--events", "own.toml", *room)
    assert ran.returncode == 0, ran.stderr
    assert "events: Own events of own.toml over the bundled ledger, not checked: own-1." in ran.stderr
    record = json.loads(ran.stdout)
    assert record["own_events"] == ["own-1"]
    assert {entry["table"] for entry in record["data"] if entry["source_id"] == "user"} == {"controls", "control_scopes"}
    assert "own_events" not in without

    def law(found):
        return next(row["headline"] for row in found["controls"] if row["asset"] == "platinum")

    assert (law(without), law(record)) == ("not_listed", "ban")
    share, more = (
        found["exposures"]["controlled"] - sum(p["weight"] for p in found["positions"] if p["asset"] in CONTROLLED)
        for found in (without, record)
    )
    assert share == pytest.approx(0, abs=1e-9)
    assert more == pytest.approx(next(p["weight"] for p in record["positions"] if p["asset"] == "platinum"), abs=1e-9)
    assert more > 0.01
    plain = json.loads(toolkit("optimize", "--quiet", "--json", "--no-report", *DAY, *room).stdout)
    assert plain["run_id"] != record["run_id"]

    (folder / "own.toml").unlink()
    for stored in (folder / "out" / "runs" / record["run_id"]).glob("findings.json"):
        stored.unlink()  # what is found beside the run is looked up again, with its events
    for lang, mark in (("en", "Own 7/2026 (own)"), ("de", "Own 7/2026 (eigene Angabe)")):
        again = toolkit("report", record["run_id"], "--lang", lang, "--format", "md", "--out", "-", cwd=folder)
        assert again.returncode == 0, again.stderr
        assert mark in again.stdout.replace("\u00a0", " ")


def test_a_report_of_holdings_has_own_events(toolkit, folder):
    ran = toolkit("report", "lots.csv", *DAY, "--events", "own.toml", "--format", "md", "--out", "-")
    assert ran.returncode == 0, ran.stderr
    page = " ".join(ran.stdout.replace("\u00a0", " ").split())
    assert "Own 7/2026 (own)" in page
    assert "Own events of own.toml over the bundled ledger, not checked: own-1" in page
    shown = toolkit("exposure", "lots.csv", *DAY, "--events", "own.toml", "--format", "markdown").stdout
    assert "Own 7/2026 (own)" in shown.replace("\u00a0", " ")
    assert toolkit("report", *DAY, "--events", "own.toml", "--format", "md", "--out", "-").returncode == 0


def test_events_come_by_standard_input_too(toolkit, folder):
    row = "own-1,control,ban,official,2026-11-20,2026-11-21,MOFCOM,China,Pt,bar,seen"
    text = f"event_id,kind,instrument,standing,announced,effective,authority,origin,metals,forms,citation\n{row}\n"
    for command in (("exposure", "lots.csv", "--json"), ("report", "lots.csv", "--json")):
        ran = toolkit(*command, *DAY, "--events", "-", stdin=text)
        assert ran.returncode == 0, ran.stderr
    assert Path(json.loads(ran.stdout)["path"]).is_file()


def test_every_fault_of_the_file_is_told_at_once(toolkit, folder):
    (folder / "own.toml").write_text(EVENT.replace("Pt", "Ptt").replace("China", "CHI").replace("ban", "bann") + "x = 1\n")
    ran = toolkit("optimize", *DAY, "--events", "own.toml", "--json")
    assert ran.returncode == 3
    faults = json.loads(ran.stdout)["error"]["details"]["faults"]
    assert {fault["rule"] for fault in faults} == {"unknown_key", "instrument", "origin", "unknown_metals"}
