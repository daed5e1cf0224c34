import pytest

from toolkit.app.config import resolve
from toolkit.core.errors import SpecError


def write(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_an_option_beats_the_environment_beats_the_file_beats_the_default(tmp_path):
    file = write(tmp_path, '[owner]\ncurrency = "USD"\ncountry = "FRA"\nbudget = 1.0\n')
    environment = {"TOOLKIT_OWNER_COUNTRY": "AUT", "TOOLKIT_OWNER_BUDGET": "2"}
    settings = resolve({"owner.budget": 3.0, "owner.currency": None}, file=file, environment=environment)
    rows = {row.key: (row.value, row.origin) for row in settings.rows()}
    assert rows["owner.budget"] == (3.0, "option")
    assert rows["owner.country"] == ("AUT", "environment TOOLKIT_OWNER_COUNTRY")
    assert rows["owner.currency"] == ("USD", "config.toml")
    assert rows["output.folder"] == ("out", "shipped default")


def test_the_working_folder_is_the_workspace(tmp_path, monkeypatch):
    write(tmp_path, '[owner]\ncurrency = "CHF"\n')
    monkeypatch.chdir(tmp_path)
    assert resolve({}, environment={}).config.owner.currency == "CHF"


@pytest.mark.parametrize(
    ("configured", "is_package", "given", "meant"),
    [
        (None, False, "store", "store"),
        ("lager", False, "store", "lager"),  # `[data] path` names the store
        ("package", True, "store", "store"),
        ("lager", False, "other", "other"),
    ],
)
def test_store_is_the_one_that_a_weaker_layer_names(tmp_path, monkeypatch, configured, is_package, given, meant):
    monkeypatch.chdir(tmp_path)
    if is_package:
        (tmp_path / "package").mkdir()
        (tmp_path / "package" / "datapackage.json").write_text("{}")
    if configured:
        write(tmp_path, f'[data]\npath = "{configured}"\n')
    by_option = resolve({"data.path": given}, environment={})
    assert by_option.config.data.path == meant
    assert by_option.origins["data.path"] == ("option" if meant == given else "config.toml")
    assert resolve({}, environment={"TOOLKIT_DATA_PATH": given}).config.data.path == meant


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[ownr]\ncountry = "DEU"\n', "ownr"),
        ('[owner]\ncountry = "GER"\n', "owner.country"),
        ("[owner]\nbudget = -1\n", "owner.budget"),
        ("[owner]\nbudget = nan\n", "owner.budget"),
    ],
)
def test_a_bad_file_names_the_key(tmp_path, text, word):
    with pytest.raises(SpecError, match=word):
        resolve({}, file=write(tmp_path, text), environment={})


def test_a_bad_value_names_the_layer_it_came_from():
    with pytest.raises(SpecError, match="TOOLKIT_OWNER_BUDGET"):
        resolve({}, environment={"TOOLKIT_OWNER_BUDGET": "lots"})
    with pytest.raises(SpecError, match="option"):
        resolve({"owner.currency": "Eurozone"}, environment={})


@pytest.mark.parametrize("text", ["JPY", "jpy", " Jpy ", "Yen", "円"])
def test_a_currency_is_read_in_any_accepted_spelling(text):
    assert resolve({"owner.currency": text}, environment={}).config.owner.currency == "JPY"


def test_a_text_that_is_no_currency_is_refused_with_the_nearest():
    with pytest.raises(SpecError, match="JPX") as refused:
        resolve({"owner.currency": "JPX"}, environment={})
    assert "JPY" in refused.value.hint


def test_a_budget_is_in_the_currency_that_it_is_stated_in(tmp_path):
    file = write(tmp_path, '[owner]\ncurrency = "chf"\nbudget = 50000\n')
    assert resolve({}, environment={}).budget_currency == "EUR"
    assert resolve({"owner.currency": "JPY"}, environment={}).budget_currency == "EUR"
    assert resolve({"owner.currency": "JPY"}, file=file, environment={}).budget_currency == "CHF"
    assert resolve({"owner.currency": "JPY", "owner.budget": 9.0}, file=file, environment={}).budget_currency == "JPY"
    assert resolve({}, file=file, environment={"TOOLKIT_OWNER_CURRENCY": "usd"}).budget_currency == "USD"


def test_a_budget_of_two_readings_is_refused_and_one_in_german_marks_is_read():
    assert resolve({}, environment={"TOOLKIT_OWNER_BUDGET": "50.000,00"}).config.owner.budget == 50_000
    with pytest.raises(SpecError, match="may be 50 or 50000"):
        resolve({}, environment={"TOOLKIT_OWNER_BUDGET": "50.000"})
