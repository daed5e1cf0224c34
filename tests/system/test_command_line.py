"""Help, configuration and the smaller verbs, on awkward terminals."""

import json

import pytest

COMMANDS = [
    [],
    ["optimize"],
    ["holdings"],
    ["holdings", "template"],
    ["holdings", "check"],
    ["strategies"],
    ["strategies", "list"],
    ["strategies", "show"],
    ["strategies", "check"],
    ["data", "list"],
    ["data", "validate"],
    ["config", "show"],
    ["doctor"],
]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp949", "ascii"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_works_on_every_terminal(toolkit, command, encoding):
    result = toolkit(*command, "--help", PYTHONIOENCODING=encoding, COLUMNS="100")
    assert result.returncode == 0, result.stderr
    assert "Usage: toolkit" in result.stdout


@pytest.mark.parametrize("command", [[], ["data"]])
def test_a_group_without_a_command_is_answered_by_its_help(toolkit, command):
    result = toolkit(*command)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: toolkit")
    assert "Run with --help" not in result.stderr


@pytest.mark.parametrize(
    "command", [["optimize", "--budget", "5000", "--budget=90000"], ["runs", "list", "--lang", "de", "--language", "en"]]
)
def test_a_second_value_for_an_option_is_refused(toolkit, command):
    """The last one counted, and nobody saw it: of five files of quotations four were left out."""
    result = toolkit(*command)
    assert (result.returncode, result.stdout) == (2, "")
    assert "is given 2 times and takes one value" in result.stderr


def test_a_table_is_printed_on_every_terminal(toolkit):
    for encoding in ("cp1252", "cp949"):
        table = toolkit("optimize", "--no-report", PYTHONIOENCODING=encoding)
        assert table.returncode == 0, table.stderr


def test_every_small_verb_speaks_json(toolkit):
    for command in (
        ["strategies", "list"],
        ["strategies", "show", "ex-china"],
        ["strategies", "check", "ex-china"],
        ["data", "list"],
        ["data", "validate"],
        ["config", "show"],
        ["doctor"],
    ):
        result = toolkit(*command, "--json")
        assert result.returncode == 0, (command, result.stdout)
        assert isinstance(json.loads(result.stdout), dict)
        plain = toolkit(*command)
        assert plain.returncode == 0
        assert plain.stdout.strip()


def test_config_show_says_where_each_setting_came_from(toolkit, tmp_path):
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "config.toml").write_text('[owner]\ncountry = "FRA"\n')
    result = toolkit("config", "show", "--json", "--currency", "USD", cwd=folder, TOOLKIT_OWNER_BUDGET="5")
    rows = {row["key"]: row for row in json.loads(result.stdout)["settings"]}
    assert rows["owner.country"]["origin"] == "config.toml"
    assert rows["owner.currency"] == {"key": "owner.currency", "value": "USD", "origin": "option"}
    assert rows["owner.budget"]["origin"] == "environment TOOLKIT_OWNER_BUDGET"


def test_a_strategy_of_the_workspace_goes_before_the_shipped_one(toolkit, tmp_path):
    folder = tmp_path / "ws"
    (folder / "strategies").mkdir(parents=True)
    (folder / "strategies" / "equal-weight.toml").write_text(
        '[about]\ntitle = "Mine"\nidea = "i"\nsource = "s"\n[universe]\nassets = ["gold", "silver"]\n[objective]\nkind = "equal_weight"\n'
    )
    listed = json.loads(toolkit("strategies", "list", "--json", cwd=folder).stdout)["strategies"]
    mine = next(row for row in listed if row["name"] == "equal-weight")
    assert (mine["title"], mine["origin"]) == ("Mine", "workspace")
    record = json.loads(toolkit("optimize", "equal-weight", "--json", "--no-report", cwd=folder).stdout)
    assert [p["weight"] for p in record["positions"]] == [0.5, 0.5]


def test_an_unexpected_error_is_two_lines_and_a_request(monkeypatch, capsys):
    from toolkit.app import config
    from toolkit.cli import main

    def broken(*args, **kwargs):
        raise RuntimeError("a bug")

    monkeypatch.setattr(config, "resolve", broken)
    assert main.run(["config", "show"]) == 1
    err = capsys.readouterr().err
    assert err.splitlines()[0] == "error: unexpected RuntimeError: a bug"
    assert "report it" in err
    assert "Traceback" not in err
    assert main.run(["config", "show", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("row", ["Gold;132,50;EUR;kg;", "Tellur;0,15;EUR;kg;", "Gallium;1,41;EUR;kg;dealer_ask"])
def test_a_price_that_other_commands_refuse_is_not_valid(toolkit, tmp_path, row):
    (tmp_path / "list.csv").write_text(f"Datum;Metall;Preis;Währung;Einheit;basis\n24.11.2026;{row}\n", encoding="utf-8")
    for command in (["data", "validate"], ["optimize"]):
        done = toolkit(*command, "--prices", str(tmp_path / "list.csv"), "--as-of", "2026-11-24")
        assert (done.returncode, "times the bundled" in done.stderr) == (3, True)


def test_validate_lists_what_a_dealer_asks(toolkit, tmp_path):
    row = "24.11.2026;Gallium;1.410,00;EUR;kg;dealer_ask"
    (tmp_path / "list.csv").write_text(f"Datum;Metall;Preis;Währung;Einheit;basis\n{row}\n", encoding="utf-8")
    command = ("data", "validate", "--prices", str(tmp_path / "list.csv"), "--as-of", "2026-11-24")
    assert "gallium: dealer ask 1,410.00 EUR a kg on 2026-11-24" in toolkit(*command).stdout
    assert "Gallium: Briefkurs des H\u00e4ndlers 1.410,00 EUR je kg" in toolkit(*command, "--lang", "de").stdout
    (quote,) = json.loads(toolkit(*command, "--json").stdout)["quotes"]
    assert (quote["asset"], quote["basis"], quote["price"]) == ("gallium", "dealer_ask", 1410.0)


def test_validate_shows_the_newest_price_in_its_own_currency_and_unit_as_it_was_read(toolkit, tmp_path):
    rows = "23.11.2026;Antimon;25.700,00;USD;t\n24.11.2026;Antimon;25.800,50;USD;t\n24.11.2026;Fonds;31;EUR;\n"
    (tmp_path / "list.csv").write_text(f"Datum;Metall;Preis;Währung;Einheit\n{rows}", encoding="utf-8")
    command = ("data", "validate", "--prices", str(tmp_path / "list.csv"), "--as-of", "2026-11-24")
    found = json.loads(toolkit(*command, "--json").stdout)["quality"]
    assert [(one["asset"], one["price"], one["currency"], one["unit"]) for one in found] == [
        ("Fonds", 31.0, "EUR", "unit"), ("antimony", 25800.5, "USD", "t"),
    ]  # fmt: skip
    assert "25,800.5 USD/t" in toolkit(*command).stdout


def test_validate_tells_a_column_without_prices_as_optimize_does(toolkit, tmp_path):
    rows = "".join(f"2026-{month:02},{200 + month},\n" for month in range(1, 9))
    (tmp_path / "wide.csv").write_text(f"date,indium USD/kg,FUND\n{rows}", encoding="utf-8")
    told = toolkit("data", "validate", "--prices", str(tmp_path / "wide.csv"), "--as-of", "2026-09-24", "--accept", "indium")
    assert '"FUND" has no prices and is left out' in told.stdout


def test_a_file_of_lots_given_as_an_option_is_told_where_it_stands(toolkit):
    told = toolkit("exposure", "--holdings", "mine.csv")
    assert told.returncode == 2
    assert "`toolkit exposure FILE`" in told.stderr
