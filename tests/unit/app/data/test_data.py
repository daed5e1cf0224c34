"""Data commands over a store: where it is, import, export, query, differences."""

import shlex
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.stores import FETCHED, days, made, prices, rates
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.data.import_file import ImportOptions, import_file
from toolkit.app.data.map_prices import map_prices
from toolkit.app.data.places import default_store, package_folder, store_in_use, store_to_write
from toolkit.app.data.store import check_contracts, compact, diff, export, query, stored, verify
from toolkit.app.languages import language
from toolkit.cli.main import run
from toolkit.core.errors import DataError, FrameError, SpecError
from toolkit.core.frames import TABLES
from toolkit.market.layouts.unconfirmed import Unconfirmed
from toolkit.market.package import bundled_folder
from toolkit.market.store.store import Store
from toolkit.report.formats.terminal import terminal
from toolkit.report.topics.data import imported

TODAY = date(2026, 11, 24)
MAY = date(2026, 5, 4)


def context(place: Path | str | None, as_of: date = TODAY) -> Context:
    return Context(resolve({"data.path": None if place is None else str(place)}), as_of, None, TODAY)


def test_the_bundled_package_stays_the_default_and_a_store_is_named():
    assert store_in_use(resolve({})) is None
    assert package_folder(resolve({})) == bundled_folder()
    assert store_to_write(resolve({})) == store_to_write(resolve({"data.path": "store"})) == default_store()
    assert Path.home() in default_store().parents
    with pytest.raises(DataError, match="no store"):
        store_in_use(resolve({"data.path": "store"}))
    made(default_store())
    assert store_in_use(resolve({"data.path": "store"})) == default_store()
    assert package_folder(resolve({}, environment={"TOOLKIT_DATA_PATH": "store"})) == bundled_folder()
    with pytest.raises(SpecError, match="data package"):
        store_to_write(resolve({"data.path": str(bundled_folder())}))


def test_a_package_and_a_store_cannot_be_mistaken_for_each_other(tmp_path):
    assert store_in_use(resolve({"data.path": str(bundled_folder())})) is None
    with pytest.raises(DataError, match="does not exist"):
        package_folder(resolve({"data.path": str(tmp_path / "none")}))


def test_the_market_of_a_store_is_that_of_the_package_with_its_rows(tmp_path):
    made(tmp_path / "s")
    asked = context(tmp_path / "s")
    bundled = context(None)
    assert asked.snapshot["products"].equals(bundled.snapshot["products"])
    found = asked.snapshot["fx"].filter(quote="USD", base="EUR", date=MAY)
    assert found["rate"].to_list() == [1.2]
    assert context(tmp_path / "s", date(2026, 6, 2)).snapshot["fx"].filter(date=MAY, quote="USD")["rate"].to_list() == [1.1]
    assert bundled.snapshot["fx"].filter(date=MAY, quote="USD")["rate"].to_list() == [1.17]
    assert asked.snapshot.source("ecb").title == "European Central Bank"
    assert check_contracts(asked) == 2


def test_a_fetched_rate_serves_a_currency_that_the_package_does_not_have(tmp_path):
    store = Store.open(tmp_path / "s", create=True)
    told = dict.fromkeys(days(date(2026, 5, 1), 9), 90.0)
    store.append({"fx": rates(told, "KZT")}, source="ecb", fetched_at=FETCHED)
    from toolkit.market.exchange_rates import last_rate

    with pytest.raises(DataError, match="KZT"):
        last_rate(context(None).snapshot["fx"], "USD", "KZT")
    assert last_rate(context(store.path).snapshot["fx"], "EUR", "KZT").value == 90.0
    assert last_rate(context(store.path).snapshot["fx"], "USD", "KZT").value > 50


def test_states_of_a_store_differ_by_their_revisions(tmp_path):
    store = made(tmp_path / "s")
    found = diff(context(store.path), "2026-06-02", "2026-06-03")
    (count,), (row,) = found.counts, found.rows
    assert (count.table, count.added, count.removed, count.revised) == ("fx", 0, 0, 1)
    assert row.key == {"date": "2026-05-04", "base": "EUR", "quote": "USD", "source": "ecb"}
    assert (row.change, row.before, row.after) == ("revised", {"rate": 1.1}, {"rate": 1.2})
    assert diff(context(store.path), "0", "1", table="fx").rows == found.rows
    assert diff(context(store.path), "1", "0", table="fx").rows[0].after == {"rate": 1.1}
    assert diff(context(store.path), "1", "1", table="fx").counts == ()
    early = diff(context(store.path), "2026-05-01", "2026-06-02", added=True)
    assert {count.table: count.added for count in early.counts} == {"fx": 19, "prices": 2}
    assert len(early.rows) == 21
    assert diff(context(store.path), "2026-05-01", "2026-06-02").rows == ()


@pytest.mark.parametrize(
    ("before", "table", "error"),
    [("0", None, SpecError), ("x", "fx", SpecError), ("7", "fx", DataError), ("0", "fy", SpecError)],
)
def test_states_that_are_none_are_refused(tmp_path, before, table, error):
    with pytest.raises(error):
        diff(context(made(tmp_path / "s").path), before, "2026-06-03", table=table)


def test_a_query_sees_the_day_and_every_vintage(tmp_path):
    made(tmp_path / "s")
    sql = "SELECT rate FROM fx WHERE date = '2026-05-04' AND quote = 'USD'"
    assert query(context(tmp_path / "s", date(2026, 6, 2)), sql).rows == ((1.1,),)
    assert query(context(tmp_path / "s"), sql).rows == ((1.2,),)
    found = query(context(tmp_path / "s"), "SELECT COUNT(*) AS n FROM fx_vintages WHERE date = '2026-05-04'")
    assert (found.columns, found.rows) == (("n",), ((2,),))
    assert query(context(None), "WITH t AS (SELECT 1 AS a) SELECT a FROM t").rows == ((1,),)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("DROP TABLE fx", SpecError), ("SELECT 1; DROP TABLE fx", SpecError), ("", SpecError), ("SELECT * FROM nowhere", SpecError),
        ("SELECT nothing FROM fx", DataError), ("SELECT FROM WHERE", SpecError),
    ],
)  # fmt: skip
def test_what_is_no_query_is_refused(tmp_path, sql, error):
    made(tmp_path / "s")
    with pytest.raises(error):
        query(context(tmp_path / "s"), sql)


def test_a_query_reads_of_a_large_table_what_it_asks_for(tmp_path):
    store = Store.open(tmp_path / "s", create=True)
    calm = dict.fromkeys(days(date(2000, 1, 1), 9000), 1.0)
    frames = [prices(f"asset_{i:02}", calm) for i in range(12)]
    store.append({"prices": pl.concat(frames)}, source="dealer", fetched_at=FETCHED)
    plan = store.scan("prices", series=["asset_03"]).filter(pl.col("date") > date(2020, 1, 1)).select("date", "price").explain()
    assert "PROJECT 3/10 COLUMNS" in plan
    assert "SELECTION" in plan


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_an_export_comes_back_bit_for_bit(tmp_path, ending):
    store = made(tmp_path / "s")
    first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for table in store.versions:
        done = export(context(store.path), table, first)
        answer = import_file(context(tmp_path / f"t-{table}"), str(first), ImportOptions())
        assert (answer.table, answer.rows, answer.revised) == (table, done.rows, int(table == "fx"))
        again = export(context(tmp_path / f"t-{table}"), table, second)
        assert first.read_bytes() == second.read_bytes()
        assert done.sha256 == again.sha256
        assert import_file(context(tmp_path / f"t-{table}"), str(first), ImportOptions()).rows == 0


def test_an_export_can_be_of_a_day_or_of_a_version(tmp_path):
    store = made(tmp_path / "s")
    file = tmp_path / "a.csv"
    assert export(context(store.path), "fx", file, version=0).rows == 20
    assert export(context(store.path), "fx", file, as_of=date(2026, 5, 5)).rows == 5
    for name, table in (("a.txt", "fx"), ("a.csv", "nothing")):
        with pytest.raises(SpecError):
            export(context(store.path), table, tmp_path / name)
    with pytest.raises(SpecError, match="cannot write"):
        export(context(store.path), "fx", tmp_path / "no" / "a.csv")


LIST = "Stand;Ware;Notierung;Waehrung\n{day};Gallium;900,5;EUR\n{day};Indium;300,5;EUR\n"


def test_the_columns_of_a_list_are_asked_for_once(tmp_path):
    file, later, place = tmp_path / "list.csv", tmp_path / "list-2.csv", tmp_path / "s"
    file.write_text(LIST.format(day="2026-05-01"))
    with pytest.raises(Unconfirmed) as asked:
        import_file(context(place), str(file), ImportOptions(source="dealer"))
    command = shlex.split(asked.value.hint.partition("then say it: toolkit ")[2])
    assert run([*command, "--quiet"]) == 0
    later.write_text(LIST.format(day="2026-05-08"))
    assert [import_file(context(place), str(one), ImportOptions(source="dealer")).rows for one in (file, later)] == [2, 2]
    rows = Store.open(place).scan("prices", series=["gallium"]).sort("date").collect()
    assert rows.select("date", "price", "currency", "unit", "source").rows() == [
        (date(2026, 5, 1), 900.5, "EUR", "kg", "dealer"), (date(2026, 5, 8), 900.5, "EUR", "kg", "dealer"),
    ]  # fmt: skip
    file.write_text(LIST.format(day="2026-05-15").replace("Notierung", "Wertung"))
    with pytest.raises(Unconfirmed, match="'Wertung'") as changed:
        import_file(context(place), str(file), ImportOptions(source="dealer"))
    assert run([*shlex.split(changed.value.hint.partition("then say it: toolkit ")[2]), "--quiet"]) == 0
    assert import_file(context(place), str(file), ImportOptions(source="dealer")).rows == 2


UNKNOWN = {
    "a known date alone": "Stand;Ware;Notierung;Waehrung\n01.05.2026;Gallium;900,50;EUR\n",
    "nothing known": "Tag,Ware,Notierung\n2026-05-01,Gallium,900\n",
    "further columns": "Metall;Rabatt;Preis EUR/t;Tag\nGallium;3 %;900.500,00;2026-05-01\n",
    "two sides": "Tag;Ware;Ankauf;Verkauf;Ort\n2026-05-01;Gallium;850;900;Rotterdam\n",
    "a date above": "Liste;;;\nStand: 01.05.2026;;;\nMetall;Rabatt;Preis;Einheit\nGallium;3 %;0,90;g\n",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_the_refusal_of_a_list_names_the_command_that_lets_it_be_read(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a list.csv").write_text(UNKNOWN[name], encoding="utf-8")
    options = ImportOptions(source="my dealer", currency="EUR")
    with pytest.raises(Unconfirmed) as raised:
        import_file(context(Path("s")), "a list.csv", options)
    assert run([*shlex.split(raised.value.hint.partition("then say it: toolkit ")[2]), "--quiet"]) == 0
    assert import_file(context(Path("s")), "a list.csv", options).rows
    rows = Store.open("s").scan("prices").collect()
    assert rows["asset"].unique().to_list() == ["gallium"]
    assert set(rows["price"]) <= {850.0, 900.0, 900.5}
    assert rows["source"].str.starts_with("my dealer").all()
    assert rows["date"].unique().to_list() == [date(2026, 5, 1)]
    if name == "further columns":
        assert rows.select("price", "currency", "unit").rows() == [(900.5, "EUR", "kg")], "the header states EUR per tonne"


def test_what_every_price_is_in_is_part_of_a_layout_and_its_day_is_not(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("Stand: 01.05.2026\nMetall,Preis\nGallium,900\n")
    found = map_prices(str(file), context(None), answers={"unit": "g", "currency": "EUR"})
    (row,) = found.record(None).series
    assert (row.asset, row.price, row.currency, row.unit) == ("gallium", 900_000.0, "EUR", "kg")
    with pytest.raises(SpecError, match="one day for every price"):
        map_prices(str(file), context(None), answers={"date": "2026-05-01"})


MESSY = (
    "\ufeffHändlerliste;;;;\nStand: 20.11.2025;;;;\nMetall;Verkauf;Ankauf;Einheit;Währung\n"
    "Gallium;1.250,50;980,00;kg;EUR\nAntimon;22,50;18,00;lb;USD\nGermanium;3.400,00;2.900,00;kg;\nWolfram APT;820,00;760,00;mtu;USD\n"
)
"""A dealer's list as it comes: BOM, semicolons, German decimals, three units, and a price without a currency."""


def test_a_messy_list_is_refused_until_its_currency_is_told_and_names_of_no_product_are_told(tmp_path):
    file, place = tmp_path / "liste.csv", tmp_path / "s"
    file.write_text(MESSY, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        import_file(context(place), str(file), ImportOptions())
    assert "--prices-currency" in raised.value.hint
    assert not Store.open(place).versions
    answer = import_file(context(place), str(file), ImportOptions(currency="EUR"))
    assert (answer.rows, answer.series) == (8, 4)
    values = [value for note in answer.notes for value in note["with"].values()]
    assert ["'Wolfram APT'"] in values
    rows = Store.open(place).scan("prices").filter(pl.col("basis") == "dealer_ask").sort("asset").collect()
    assert [(asset, round(price, 2), currency) for asset, price, currency in rows.select("asset", "price", "currency").iter_rows()] == [
        ("Wolfram APT", 820.0, "USD"), ("antimony", 49.6, "USD"), ("gallium", 1250.5, "EUR"), ("germanium", 3400.0, "EUR"),
    ]  # fmt: skip


def test_a_series_in_the_wrong_currency_is_corrected_as_a_whole_with_a_reason(tmp_path):
    file, place, head = tmp_path / "Händler-2026-05.csv", tmp_path / "s", "date,asset,price,currency\n"
    file.write_text(head + "2026-05-01,gallium,900,USD\n2026-05-08,gallium,910,USD\n2026-05-01,indium,300,USD\n")
    assert import_file(context(place), str(file), ImportOptions()).sources == ("Händler",)
    part, right = tmp_path / "part.csv", tmp_path / "Händler-2026-06.csv"
    part.write_text(head + "2026-05-08,gallium,910,EUR\n")
    right.write_text(head + "2026-05-01,gallium,900,EUR\n2026-05-08,gallium,910,EUR\n")
    with pytest.raises(FrameError) as raised:
        import_file(context(place), str(right), ImportOptions())
    assert "--correct" in raised.value.hint
    with pytest.raises(FrameError, match="1 rows would stay as they are, the first of 2026-05-01"):
        import_file(context(place), str(part), ImportOptions(source="Händler", correction="x"))
    with pytest.raises(FrameError, match="no row of the store is corrected"):
        import_file(context(place), str(right), ImportOptions(source="another", correction="x"))
    before = Store.open(place).scan("prices").collect()
    answer = import_file(context(place), str(right), ImportOptions(correction="quoted in euro"))
    assert (answer.rows, answer.revised, answer.correction) == (2, 2, "quoted in euro")
    store = Store.open(place)
    assert store.scan("prices", version=0).collect().equals(before), "nothing is overwritten"
    now = store.scan("prices", date.max).sort("asset", "date").collect()
    assert now.select("price", "currency").rows() == [(900.0, "EUR"), (910.0, "EUR"), (300.0, "USD")]
    told = [(one.source, one.rows, one.reason) for one in stored(store, TODAY).corrections]
    assert told == [("Händler", 2, "quoted in euro")]
    right.write_text(head + "2026-05-15,gallium,920,EUR\n")
    assert import_file(context(place), str(right), ImportOptions()).rows == 1, "the series goes on in the right currency"
    part.write_text(head + "2026-05-22,gallium,930,USD\n")
    with pytest.raises(FrameError, match="was 'EUR'"):
        import_file(context(place), str(part), ImportOptions(source="Händler"))


def test_an_export_that_was_edited_corrects_what_it_came_from(tmp_path):
    file, place = tmp_path / "lager.csv", tmp_path / "s"
    file.write_text("date,asset,price,currency\n2026-05-01,gallium,900,USD\n2026-05-08,gallium,910,USD\n")
    import_file(context(place), str(file), ImportOptions())
    export(context(place), "prices", file)
    file.write_text(file.read_text().replace("USD", "EUR"))
    assert import_file(context(place), str(file), ImportOptions(correction="in euro")).revised == 2
    assert Store.open(place).scan("prices", date.max).collect()["currency"].to_list() == ["EUR", "EUR"]


@pytest.mark.parametrize("use", [store_in_use, store_to_write, package_folder])
@pytest.mark.parametrize("address", ["s3://bucket/lager", "https://host/lager"])
def test_an_address_is_no_store_and_makes_no_folder(use, address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as raised:
        use(resolve({"data.path": address}))
    assert "bucket" in raised.value.message
    assert "fetch files" in raised.value.hint
    assert not [*tmp_path.iterdir()]


def test_a_file_named_like_a_public_source_is_none(tmp_path):
    file = tmp_path / "yahoo.csv"
    file.write_text("date,asset,price,currency\n2026-05-01,gallium,900,USD\n")
    assert import_file(context(tmp_path / "s"), str(file), ImportOptions()).sources == ("own_yahoo",)


def test_a_ticker_is_told_by_its_letters_though_a_country_has_them(tmp_path):
    file = tmp_path / "funds.csv"
    file.write_text("date,ALB,GLD\n2026-05-01,90,300\n2026-05-04,91,301\n")
    answer = import_file(context(tmp_path / "s"), str(file), ImportOptions(currency="USD"))
    say = language("en")
    told = terminal(imported(answer, say), say)
    assert "'ALB'" in told
    assert "Albania" not in told


def test_a_list_with_two_sides_becomes_two_series(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("date,asset,bid,ask,currency,unit\n2026-05-01,gallium,800,900,EUR,kg\n")
    answer = import_file(context(tmp_path / "s"), str(file), ImportOptions(source="dealer"))
    rows = Store.open(tmp_path / "s").scan("prices").sort("price").collect()
    assert answer.rows == 2
    assert rows.select("price", "basis", "source").rows() == [
        (800.0, "dealer_bid", "dealer (dealer_bid)"), (900.0, "dealer_ask", "dealer (dealer_ask)"),
    ]  # fmt: skip
    found = context(tmp_path / "s").snapshot["prices"].filter(asset="gallium")
    assert found.equals(context(None).snapshot["prices"].filter(asset="gallium")), "one price replaces no series"


CUSTOMS = """period,partner,hs_code,quantity_kg,value_usd
2026-01,CHN,81129289,100,50000
2026-02,CHN,81129289,50,30000
2026-02,DEU,81129289,10,6000
2026-02,CHN,999999,10,6000
"""


def test_customs_flows_go_to_their_table(tmp_path):
    file, place = tmp_path / "flows.csv", tmp_path / "s"
    codes = context(None).snapshot["tariff_codes"].filter(pl.col("others").is_null() & ~pl.col("assets").str.contains(";"))
    code, asset = codes.sort("hs_code").row(0, named=True)["hs_code"], codes.sort("hs_code")["assets"][0]
    file.write_text(CUSTOMS.replace("81129289", f"{code}10"))
    with pytest.raises(SpecError, match="reporter"):
        import_file(context(place), str(file), ImportOptions())
    answer = import_file(context(place), str(file), ImportOptions(reporter="USA", direction="import", lag_days=40))
    assert (answer.table, answer.left_out) == ("flows", 1)
    rows = Store.open(place).scan("flows").filter(pl.col("basis") == "reported").sort("date", "partner").collect()
    assert rows["asset"].unique().to_list() == [asset]
    assert rows["quantity"].to_list() == [100.0, 50.0, 10.0]
    assert rows["known_from"].to_list() == [day + timedelta(days=40) for day in rows["date"]]
    later = import_file(context(tmp_path / "t"), str(file), ImportOptions(reporter="USA", direction="import"))
    assert later.rows == answer.rows
    assert Store.open(tmp_path / "t").scan("flows").collect()["known_from"].unique().to_list() == [TODAY]


def test_partners_of_flows_are_countries_by_their_names_or_codes(tmp_path):
    file, place = tmp_path / "flows.csv", tmp_path / "s"
    head, row = "period,partner_name,hs6,value_usd,quantity_kg\n", "2017-01-01,{},250410,10200,6116\n"
    options = ImportOptions(reporter="CHN", direction="export")
    file.write_text(head + "".join(row.format(name) for name in ("Australia", "JPN", "WLD")))
    assert import_file(context(place), str(file), options).rows == 3
    assert {*Store.open(place).scan("flows").collect()["partner"]} == {"AUS", "JPN", "WLD"}
    file.write_text(head + row.format("Nowhere"))
    with pytest.raises(DataError, match="'Nowhere' is no country"):
        import_file(context(place), str(file), options)


def test_a_customs_list_by_month_and_tariff_line_is_one_and_what_it_lacks_is_named(tmp_path):
    file = tmp_path / "imports.csv"
    options = ImportOptions(direction="import")
    file.write_text("month,reporter,hts10,value_usd,quantity_kg\n2023-01,USA,2504100000,10200,6116\n")
    with pytest.raises(DataError, match="no column 'partner'") as caught:
        import_file(context(tmp_path / "s"), str(file), options)
    assert "Rename" not in caught.value.hint
    file.write_text("month,reporter,partner,hts10,value_usd,quantity_kg\n2023-01,USA,WLD,2504100000,10200,6116\n")
    assert import_file(context(tmp_path / "s"), str(file), options).table == "flows"


def test_a_file_that_cannot_be_read_adds_nothing(tmp_path):
    file, place = tmp_path / "list.csv", tmp_path / "s"
    made(place)
    before = Store.open(place).versions
    for text in ("a;b\n1;2\n", "date,asset,price\n2026-05-01,gallium,-1\n", "date,asset,price\n2027-05-01,gallium,1\n"):
        file.write_text(text)
        with pytest.raises((DataError, FrameError)):
            import_file(context(place), str(file), ImportOptions())
    assert Store.open(place).versions == before


@pytest.mark.parametrize("name", TABLES)
def test_a_file_with_the_columns_of_a_table_goes_to_that_table(tmp_path, name):
    bundled = context(None).snapshot[name]
    file = tmp_path / "rows.csv"
    bundled.write_csv(file)
    answer = import_file(context(tmp_path / "s"), str(file), ImportOptions())
    assert (answer.table, answer.rows) == (name, bundled.height)
    assert check_contracts(context(tmp_path / "s")) == 1


def test_records_tell_of_the_store(tmp_path):
    store = made(tmp_path / "s")
    asked = context(store.path)
    rows = {row.table: row for row in stored(store, date(2026, 6, 10)).tables}
    assert (rows["fx"].version, rows["fx"].rows, rows["fx"].age_days) == (1, 21, 7)
    assert verify(asked).versions == {"fx": 1, "prices": 0}
    assert {row.table: row.files_after for row in compact(asked).tables} == {"fx": 1, "prices": 1}
    path = next((store.path / "fx").glob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError) as raised:
        verify(context(store.path))
    assert [one["file"] for one in raised.value.details["damaged"]] == [f"fx/{path.name}"]
