"""What a command knows of a day: read once, with the user's own events in its ledger."""

from __future__ import annotations

import shutil
from datetime import date
from types import SimpleNamespace

import pytest

import toolkit.market.package
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.controls.answers import check_country, controls, dates, parse_purity, parse_within
from toolkit.app.controls.own_events import ledger_of
from toolkit.app.controls.states import control_states
from toolkit.app.data.places import package_folder
from toolkit.app.optimize import optimize
from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import DataError, FrameError, SpecError
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.returns.observation import level_filter
from toolkit.returns.observation.level_filter import beliefs, filtered_levels

TODAY = date(2026, 11, 24)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return resolve({}, environment={})


@pytest.fixture
def write(tmp_path):
    def writer(text: str, name: str = "own.toml") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return writer


def headline(inputs, on, metal="gallium", to="USA"):
    return controls(inputs, metal, None, {"destination": to}, on).headline


def test_an_own_date_changes_the_state_and_shows_as_own(settings, write):
    file = write('[[event]]\nevent_id = "EV063"\nends = "2027-03-31"\n')
    later = date(2026, 12, 31)
    assert headline(Context(settings, later), later) == "ban"
    inputs = Context(settings, later, file)
    assert headline(inputs, later) == "licence+ban_suspended"
    assert inputs.own == ("EV063",)
    rows = dates(Context(settings, TODAY, file), "200d").upcoming
    mine = [row for row in rows if row.event_id == "EV063"]
    assert [(row.date, row.confidence) for row in mine] == [("2027-03-31", "the user's own, not checked")]


def test_a_confirmed_extension_takes_the_place_of_the_claim(settings, write):
    file = write(
        '[[event]]\nevent_id = "own-x"\nkind = "control"\ninstrument = "suspension"\nstanding = "official"\n'
        'announced = "2026-11-09"\neffective = "2026-11-09"\nends = "2027-01-10"\nauthority = "MOFCOM"\norigin = "CHN"\n'
        'metals = ["holmium", "erbium"]\nacts_on = ["EV062"]\nrelation = "extends"\ncitation = "gazette"\n'
    )
    lapsed = dates(Context(settings, TODAY), "90d").lapsed
    assert [row.event_id for row in lapsed] == ["EV115b", "EV062", "EV098"]
    assert [row.event_id for row in dates(Context(settings, TODAY, file), "90d").lapsed] == ["EV115b", "EV098"]


def test_an_own_event_of_tomorrow_is_not_known_today(settings, write):
    file = write(
        '[[event]]\nevent_id = "own-y"\nkind = "control"\ninstrument = "ban"\nstanding = "official"\n'
        'announced = "2026-11-25"\neffective = "2026-11-25"\nauthority = "M"\norigin = "CHN"\nmetals = ["platinum"]\n'
        'forms = ["metal"]\ndual_use = true\ncitation = "gazette"\n'
    )
    assert Context(settings, TODAY, file).own == ()
    assert headline(Context(settings, TODAY, file), TODAY, "platinum", "DEU") == "not_listed"
    tomorrow = date(2026, 11, 25)
    assert headline(Context(settings, tomorrow, file), tomorrow, "platinum", "DEU") == "ban"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[[event]]\nevent_id = "EV063"\nends = "2024-01-01"\n', "ends"),
        ('[[event]]\nevent_id = "EV063"\nacts_on = ["EV999"]\n', "EV999"),
        ('[[event]]\nevent_id = "EV020"\nacts_on = ["EV037b"]\nrelation = "builds_on"\n', "EV037b"),
        ('[[event]]\nevent_id = "EV020"\ninstrument = "licens"\n', "licens"),
    ],
)
def test_rules_of_the_ledger_name_the_users_file_and_row(settings, write, text, what):
    with pytest.raises(FrameError) as caught:
        _ = Context(settings, TODAY, write(text)).ledger
    assert caught.value.message.startswith("own.toml")
    assert "row 1" in caught.value.message
    assert what in caught.value.message
    assert caught.value.hint
    assert caught.value.details["file"] == "own.toml"


def test_symbols_are_names(settings):
    inputs = Context(settings, TODAY)
    assert [inputs.metal(name) for name in ("Ga", "in", "Dy", "gallium")] == ["gallium", "indium", "dysprosium", "gallium"]
    with pytest.raises(DataError) as caught:
        inputs.metal("galium")
    assert "gallium" in caught.value.hint


def test_controls_take_the_form_and_the_purity_of_a_name(settings):
    known = Context(settings, TODAY)

    def state(name, form=None, **route):
        found = controls(known, name, form, {"destination": "JPN", **route}, TODAY)
        return found.metal, found.form, found.headline

    assert state("InP") == state("indium", "phosphide") == ("indium", "phosphide", "licence")
    assert state("Wolframpulver") == state("tungsten", "metal powder")
    assert state("Gallium 4N")[:2] == ("gallium", "metal")
    assert state("Germanium 3N") == state("germanium", purity=0.999)
    with pytest.raises(DataError) as caught:
        state("NdPr")
    assert "of two metals" in caught.value.hint


@pytest.mark.parametrize(("text", "days"), [("90d", 90), ("90", 90), ("2w", 14), ("3m", 90), ("1y", 365), ("0d", 0)])
def test_within(text, days):
    assert parse_within(text) == days


@pytest.mark.parametrize("text", ["", "soon", "-3d", "99999y", "3 d d"])
def test_within_refused(text):
    with pytest.raises(SpecError):
        parse_within(text)


def test_options_are_checked():
    assert parse_purity("4N") == 0.9999
    assert parse_purity(None) is None
    with pytest.raises(SpecError):
        parse_purity("pure")
    assert check_country("deu", "--to") == "DEU"
    assert check_country("Germany", "--to") == "DEU"
    with pytest.raises(SpecError):
        check_country("Germny", "--to")


def test_a_metal_without_a_product_has_its_symbol(settings):
    lot = SimpleNamespace(asset="yttrium", form="oxide", purity="4N", size=None)
    inputs = Context(settings, TODAY)
    assert control_states(inputs.ledger, inputs.products, TODAY, "DEU", [lot])[0].element == "Y"


@pytest.mark.parametrize("destination", ["USA", "JPN", "CHE", "HKG"])
def test_a_notice_means_the_same_in_every_report(settings, destination):
    inputs = Context(settings, TODAY)
    of = {row.asset: row.routes for row in control_states(inputs.ledger, inputs.products, TODAY, destination)}
    german = {row.asset: row.routes for row in control_states(inputs.ledger, inputs.products, TODAY, "DEU")}
    assert of == german
    for asset in ("antimony", "gallium", "germanium"):
        (ban,) = [m for route in of[asset] for m in route.measures if m.event_id == "EV037b" and route.end_user == "civil"]
        assert ban.status == "suspended"


def test_a_run_with_its_report_reads_each_table_once_makes_one_ledger_and_filters_once(tmp_path, monkeypatch):
    read, made, passes = [], [], []
    table, ledger = toolkit.market.package.read_table, ControlLedger.of

    def counted(path, schema):
        read.append(path.name)
        return table(path, schema)

    def made_of(*args, **options):
        made.append(options["reviewed_to"])
        return ledger(*args, **options)

    def filtered(log_price, *arguments):
        passes.append(log_price.shape)
        return beliefs(log_price, *arguments)

    # Past what `tests.conftest.computed_once` keeps of other tests.
    monkeypatch.setattr("toolkit.app.context.ledger_of", ledger_of)
    monkeypatch.setattr("toolkit.returns.price_levels.filtered_levels", filtered_levels)
    monkeypatch.setattr(level_filter, "beliefs", filtered)
    monkeypatch.setattr(toolkit.market.package, "read_table", counted)
    toolkit.market.package.bundled_market.cache_clear()  # another test has read it
    monkeypatch.setattr(ControlLedger, "of", made_of)
    context = Context(resolve({"output.folder": str(tmp_path)}, environment={}), TODAY)
    optimize(Request("physical-basket", context)).save(report=True)
    assert len(read) > 10
    assert sorted(read) == sorted({*read})
    assert len(made) == 1
    noisy = {asset for asset, basis in context.snapshot["prices"].select("asset", "basis").iter_rows() if basis == CUSTOMS}
    assert [series for _, series in passes] == [len(noisy & {*context.products.keys})]


def test_another_owner_reads_nothing_again_unless_the_data_are_others(settings, tmp_path, monkeypatch):
    known = Context(settings, TODAY)
    other = known.under(resolve({"owner.budget": 5_000.0}, environment={}))
    assert (other.market, other.snapshot, other.level_paths) == (known.market, known.snapshot, known.level_paths)
    assert other.comparable_cases is known.comparable_cases
    assert other.settings.config.owner.budget == 5_000.0
    package = tmp_path / "package"
    shutil.copytree(package_folder(settings), package)
    elsewhere = known.under(resolve({"data.path": str(package)}, environment={}))
    assert elsewhere.market is not known.market
