"""Stored runs that were edited, cut off, or are of another version: refused with file and remedy, never a changed figure."""

import json
import random

import pytest

from tests.records import subject_of
from tests.subjects import conflict, holdings, market, proposal, settings, with_parts
from toolkit import __version__
from toolkit.app.report.stored import load_run
from toolkit.app.runs import RECORD, read_stored, run_files, store, with_checksums
from toolkit.app.topics.part import parts as all_parts
from toolkit.cli.main import run
from toolkit.core.errors import SpecError
from toolkit.records.base import Record
from toolkit.records.findings import Parts
from toolkit.records.reading import read, read_run

RUN = {
    "run_id": "a", "as_of": "2026-01-01", "owner": {"country": "DEU", "currency": "EUR"}, "controls": [],
    "orders": [],
    "positions": [{"asset": "gold", "weight": 0.5, "previous_weight": 0.0, "value": 1.0, "quantity": 2.0, "unit": "kg",
                   "lots": None, "lot_size": None, "price": 0.5}],
    "cash": {"weight": 0.5, "value": 1.0},
}  # fmt: skip


@pytest.fixture
def stored(tmp_path):
    return store(
        tmp_path / "out/runs",
        "a",
        with_checksums({"run.json": json.dumps(RUN).encode(), "findings.json": b"{}"}, {"seed": 0}),
    )


def test_a_run_is_read_as_it_was_written(stored):
    assert read_stored(stored) == RUN
    assert read_stored(stored, "findings.json") == {}
    (stored / "findings.json").unlink()
    assert read_stored(stored, "findings.json") is None


@pytest.mark.parametrize("name", ["run.json", "inputs.json", "findings.json"])
@pytest.mark.parametrize("seed", range(16))
def test_a_changed_run_is_refused(stored, name, seed, capsys):
    chance = random.Random(f"{name} {seed}")
    path = stored / name
    content = path.read_bytes()
    damaged = [
        content[: chance.randrange(len(content))],
        content.replace(b"{}", b"[]").replace(b"a", b"b", 1).replace(b'"sha256"', b'"sha"'),
        b"[" * 50_000,
        b"null",
        b"[]",
        b'{"sha256": []}',
        json.dumps({key: chance.choice([None, [], "x", -1]) for key in ("sha256", "positions", "as_of")}).encode(),
        bytes(chance.randrange(256) for _ in range(50)),
    ]
    path.write_bytes(damaged[seed % len(damaged)])
    if seed % 11 == 10:
        path.unlink()
        if name == "findings.json":
            return
    with pytest.raises(SpecError) as refused:
        read_stored(stored, "findings.json" if name == "findings.json" else RECORD)
    assert "again" in refused.value.hint
    assert str(stored) in refused.value.message
    for command in (["report", "a"], ["optimize", "--holdings", "a"]):
        if name != "findings.json":
            assert run([*command, "--out", str(stored.parents[1])]) in (2, 3), capsys.readouterr().err


def test_a_run_of_an_earlier_version_is_refused_by_reports_in_plain_words(tmp_path, capsys):
    earlier = {**{key: value for key, value in RUN.items() if key != "orders"}, "schema_version": 1}
    files = {"run.json": json.dumps(earlier).encode(), "findings.json": b"{}"}
    store(tmp_path / "out/runs", "2026-01-01-early", with_checksums(files, {"seed": 0}))
    assert run(["report", "last", "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "2026-01-01-early" in told
    assert "its schema is 1, not 2" in told
    assert "Run the strategy again" in told


def places(record, node, path=()):
    """Each table of the JSON of a record with its path and each key that it must have."""
    if isinstance(record, Record):
        for name, field in type(record).model_fields.items():
            key = field.alias or name
            if field.is_required():
                yield node, key, (*path, key)
            if name in record.model_fields_set:
                yield from places(getattr(record, name), node[key], (*path, key))
    elif isinstance(record, tuple):
        for first, item in zip(record[:1], node[:1], strict=True):
            yield from places(first, item, (*path, 0))
    elif isinstance(record, dict):
        for key in list(record)[:1]:
            yield from places(record[key], node[key], (*path, key))


@pytest.mark.parametrize("file", ["run.json", "findings.json"])
def test_every_key_is_needed_at_every_depth_and_has_its_type(file):
    record = proposal("minimum-risk")
    check = lambda found: read_run(found, file, "again")  # noqa: E731
    if file == "findings.json":
        record, check = with_parts(record).parts, lambda found: read(Parts, found, file, "again")
    depths = {}
    for node, key, path in places(check(record), record):
        depths.setdefault(len(path), []).append((node, key, ".".join(map(str, path))))
    assert sum(map(len, depths.values())) > 250
    for found in depths.values():
        kept = [node[key] for node, key, _ in found]
        for damage in ("missing", object()):
            for node, key, _ in found:
                node.pop(key, None)
                if damage != "missing":
                    node[key] = damage
            with pytest.raises(SpecError) as refused:
                check(record)
            named = {fault["key"].removesuffix(".int").removesuffix(".float") for fault in refused.value.details["faults"]}
            assert named == {path for _, _, path in found}
            assert refused.value.message.startswith(f"{file}: ")
            assert refused.value.hint == "again"
        for (node, key, _), value in zip(found, kept, strict=True):
            node[key] = value
    check(record)


@pytest.mark.parametrize(
    "path", ["risk_contributions", "relaxed.weights", "expected_return.assets", "assets", "factor_model.assets"]
)
def test_what_goes_by_asset_holds_each_asset_of_the_run(path):
    record = proposal("return-under-cvar", overrides=("solver.time_limit=0.5",))
    read_run(record, "run.json", "again")
    node = record
    for key in path.split("."):
        node = node[key]
    asset = record["positions"][1]["asset"]
    del node[asset if isinstance(node, dict) else 1]
    with pytest.raises(SpecError, match=f"run.json: {path}.{asset} is required") as refused:
        read_run(record, "run.json", "again")
    assert refused.value.details["faults"][0]["key"] == f"{path}.{asset}"


def test_a_model_has_a_loading_on_each_of_its_factors():
    record = proposal("minimum-risk")
    row, factor = record["factor_model"]["assets"][0], record["factor_model"]["factors"][0]["name"]
    del row["loadings"][factor]
    with pytest.raises(SpecError, match=f"factor_model.assets.{row['asset']}.loadings.{factor} is required"):
        read_run(record, "run.json", "again")


def unknown(record, path=""):
    """Each key of a JSON that its record does not know."""
    if isinstance(record, Record):
        yield from (f"{path}.{key}" for key in record.model_extra or ())
        for name in type(record).model_fields:
            yield from unknown(getattr(record, name), f"{path}.{name}")
    elif isinstance(record, dict | tuple):
        for value in record.values() if isinstance(record, dict) else record:
            yield from unknown(value, f"{path}[]")


def in_order(value, path=""):
    """Keys of every table of a JSON, in order."""
    if isinstance(value, dict | list):
        yield path, list(value) if isinstance(value, dict) else len(value)
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from in_order(item, f"{path}.{key}")


@pytest.mark.parametrize("strategy", ["minimum-risk", "return-under-cvar"])
def test_the_record_of_a_run_knows_every_key_and_is_written_as_it_was_read(strategy):
    """A key that it does not know is read by a report without having been looked at."""
    data = proposal(strategy, overrides=("solver.time_limit=0.5",))
    run = read_run(data, "run.json", "again")
    assert not set(unknown(run))
    assert run.to_json() == data
    assert list(in_order(run.to_json())) == list(in_order(data))


@pytest.mark.parametrize("subject", ["run", "conflict", "holdings", "market"])
def test_records_know_every_key_of_a_subject_and_of_what_is_found_beside_it(subject, tmp_path):
    makers = {"run": lambda: with_parts(proposal()), "conflict": conflict, "market": market}
    found = makers[subject]() if subject in makers else holdings(tmp_path / "lots.csv")
    for record, data in ((subject_of(found.record), found.record), (Parts.model_validate(found.parts), found.parts)):
        # The limits of a strategy without an answer have the keys of their kinds.
        assert {path for path in unknown(record) if not path.startswith(".conflict.limits[]")} == set()
        assert record.to_json() == data
        assert list(in_order(record.to_json())) == list(in_order(data))
    assert {"changes", "flows", "supply"} <= set(found.parts)


def test_each_part_of_the_findings_has_a_record():
    assert set(all_parts()) == set(Parts.model_fields)


def test_a_stored_run_with_a_damaged_part_is_refused(tmp_path, capsys):
    subject = with_parts(proposal())
    flow, *others = subject.parts["flows"]["flows"]
    shorter = [{**flow, "months": flow["months"][1:]}, *others]
    faulty = {
        "flows.flows.0 needs lists of one length": {**subject.parts, "flows": {**subject.parts["flows"], "flows": shorter}},
        "supply.metals must be a list": {**subject.parts, "supply": {**subject.parts["supply"], "metals": None}},
        "whatif.as_of is required": {**subject.parts, "whatif": {}},
        "must be a table, not list": [subject.parts],
        "cannot be read": None,
    }
    for words, parts in faulty.items():
        content = b"[" * 100_000 if parts is None else json.dumps(parts).encode()
        files = {**run_files(subject_of(subject.record)), "findings.json": content}
        store(tmp_path / "out/runs", "a", with_checksums(files, {"seed": 0}))
        assert run(["report", "a", "--out", str(tmp_path / "out"), "--format", "md"]) == 2
        told = " ".join(capsys.readouterr().err.split())
        assert words in told
        assert "findings.json" in told
        assert "Run the strategy again." in told


def test_what_another_version_found_with_fewer_keys_is_found_again_and_what_this_one_did_is_refused(tmp_path):
    """No figure of the run changes: only what stands beside it is looked up again."""
    record = proposal("minimum-risk")
    whole = with_parts(record).parts
    name, lost = "changes", "since"
    less = {**whole, name: {key: value for key, value in whole[name].items() if key != lost}}
    for run_name, version in (("earlier", "0.0.9"), ("own", __version__)):
        made = {**record, "run_id": f"2026-01-01-{run_name}", "versions": {**record["versions"], "toolkit": version}}
        files = {"run.json": json.dumps(made).encode(), "findings.json": json.dumps(less).encode()}
        store(tmp_path, made["run_id"], with_checksums(files, {"seed": 0}))
    assert load_run(tmp_path / "2026-01-01-earlier", settings()).parts.to_json() == whole
    with pytest.raises(SpecError, match=lost):
        load_run(tmp_path / "2026-01-01-own", settings())
