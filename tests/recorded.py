"""Payloads in the formats of the sources, and the rows that are in them: what the contract of sources is held against."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from tests.loopback import Answer, Asked, Loopback, as_html, as_json
from tests.workbooks import xlsx
from tests.yahoo_charts import CHART, Listing, serve, weekdays

TODAY = date(2026, 11, 26)
DAY, EVE = date(2026, 11, 25), date(2026, 11, 24)
JULY, AUGUST, SEPTEMBER, OCTOBER = date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)


class Row(NamedTuple):
    """An observation that a source publishes: null where it publishes none of the day."""

    series: str
    day: date
    value: float | None


Rows = Sequence[Row]
Edit = Callable[[Rows], Rows]
"""What is changed of the observations before they are written in the format of the source."""


def as_published(rows: Rows) -> Rows:
    return rows


def _rows(values: Mapping[str, Mapping[date, float | None]]) -> list[Row]:
    return [Row(series, day, value) for series, of_day in values.items() for day, value in of_day.items()]


@dataclass(frozen=True)
class Recorded:
    """A source's payloads.

    Attributes:
        play: Puts the routes on the server; returns the names of two series, of files those that it wrote.
        table: Table of the rows.
        rows: Series -> columns of some rows, oldest first, by the column `date`.
        keys: Environment that the source needs.
        cannot: Misbehaviour that the source cannot show -> why.
    """

    play: Callable[..., tuple[str, ...]]
    table: str
    rows: Callable[[tuple[str, ...]], Mapping[str, Mapping[date, Mapping[str, Any]]]]
    keys: Mapping[str, str] = field(default_factory=dict)
    cannot: Mapping[str, str] = field(default_factory=dict)


def _ecb(server: Loopback, _: Path, edit: Edit = as_published) -> tuple[str, ...]:
    head = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE\n"
    rows = edit(_rows({"CHF": {EVE: 0.9312, DAY: 0.9298}, "USD": {EVE: 1.1301, DAY: None, TODAY: 1.1172}}))

    def rates(asked: Asked) -> Answer:
        wanted = asked.path.rpartition("/D.")[2].partition(".")[0].split("+")
        since = asked.query.get("startPeriod", "")
        body = "".join(
            f"EXR.D.{row.series}.EUR.SP00.A,D,{row.series},EUR,SP00,A,{row.day},{'NaN' if row.value is None else row.value}\n"
            for row in rows
            if row.series in wanted and row.day.isoformat() >= since
        )
        return Answer((head + body).encode(), headers={"Content-Type": "text/csv"})

    server.routes["/data-api.ecb.europa.eu/service/data/EXR/"] = rates
    return ("CHF", "USD")


def _census(server: Loopback, _: Path, edit: Edit = as_published) -> tuple[str, ...]:
    codes = {"8112921000": "gallium", "8101940000": "tungsten"}
    masses = {("gallium", JULY): "1000", ("gallium", AUGUST): "1250", ("gallium", SEPTEMBER): "0",
              ("tungsten", JULY): "10755", ("tungsten", AUGUST): "5000", ("tungsten", SEPTEMBER): "6000"}  # fmt: skip
    world = edit(
        _rows(
            {
                "gallium": {JULY: 410000, AUGUST: 500000, SEPTEMBER: 30000},
                "tungsten": {JULY: 2939976, AUGUST: 1000000, SEPTEMBER: 1200000},
            }
        )
    )
    counted = {(row.series, row.day) for row in world if row.value is not None}
    china = [row for row in _rows({"gallium": {JULY: 4100, SEPTEMBER: 2000}}) if (row.series, row.day) in counted]
    of_china = {JULY: "10", SEPTEMBER: "5"}

    def imports(asked: Asked) -> Answer:
        assert asked.query["key"] == "secret"
        code, first = asked.query["I_COMMODITY"], asked.query["time"].removeprefix("from ")[:7]
        from_china = "CTY_CODE" in asked.query
        found = [
            [f"{row.value:.0f}", of_china[row.day] if from_china else masses.get((row.series, row.day), "1000"), "KG", code, "HS10",
             f"{row.day:%Y-%m}"]
            for row in (china if from_china else world)
            if row.series == codes[code] and row.value is not None and f"{row.day:%Y-%m}" >= first
        ]  # fmt: skip
        if not found:
            return Answer(b"", status=204)
        # The service repeats what was asked for behind what it gives.
        return as_json([["GEN_VAL_MO", "GEN_QY1_MO", "UNIT_QY1", "I_COMMODITY", "COMM_LVL", "time"], *found])

    server.routes["/api.census.gov/data/timeseries/intltrade/imports/hs"] = imports
    return ("gallium", "tungsten")


def _world_bank(server: Loopback, _: Path, edit: Edit = as_published) -> tuple[str, ...]:
    link = "https://thedocs.worldbank.org/en/doc/74e8be41ceb20fa0da750cda2f6b9e4e-0050012026/related/CMO-Historical-Data-Monthly.xlsx"
    server.routes["/www.worldbank.org/en/research/commodity-markets"] = as_html(
        f'<html><a href="{link}">Monthly prices</a></html>'
    )
    heads = {"brent": ("Crude oil, Brent", "($/bbl)"), "copper": ("Copper", "($/mt)"), "gold": ("Gold", "($/troy oz)")}
    rows = edit(
        _rows(
            {
                "brent": {AUGUST: None, SEPTEMBER: 70.0, OCTOBER: 71.5},
                "copper": {AUGUST: 9000.5, SEPTEMBER: 9100.0, OCTOBER: 9200.0},
                "gold": {AUGUST: 4000.0, SEPTEMBER: 4010.0, OCTOBER: 4020.0},
            }
        )
    )
    columns = [name for name in heads if any(row.series == name for row in rows)]
    lines: dict[tuple[date, int], dict[str, Any]] = {}
    for row in rows:
        nth = next(i for i in range(9) if row.series not in lines.get((row.day, i), {}))
        lines.setdefault((row.day, nth), {})[row.series] = "…" if row.value is None else row.value
    sheet = [
        ["World Bank Commodity Price Data (The Pink Sheet)"], ["monthly prices in nominal US dollars, 1960 to present"],
        ["(monthly series are available only in nominal US dollar terms)"], ["Updated on November 03, 2026"],
        ["", *(heads[name][0] for name in columns)], ["", *(heads[name][1] for name in columns)],
        *([f"{day:%YM%m}", *(values.get(name, "…") for name in columns)] for (day, _), values in sorted(lines.items())),
    ]  # fmt: skip
    body = xlsx({"AFOSHEET": [["x"]], "Monthly Prices": sheet})
    tag = f'"{hashlib.sha256(body).hexdigest()}"'

    def book(asked: Asked) -> Answer:
        return Answer(status=304) if asked.headers.get("if-none-match") == tag else Answer(body, headers={"ETag": tag})

    server.routes["/thedocs.worldbank.org/en/doc/"] = book
    return ("brent", "gold")


def _eia(server: Loopback, _: Path, edit: Edit = as_published) -> tuple[str, ...]:
    published = edit(_rows({name: {AUGUST: value, SEPTEMBER: None, OCTOBER: value} for name, value in (("brent", 71.5), ("natural_gas_us", 2.89))}))  # fmt: skip

    def prices(asset: str, name: str, units: str) -> Callable[[Asked], Answer]:
        def answer(asked: Asked) -> Answer:
            assert (asked.query["api_key"], asked.query["facets[series][]"]) == ("secret", name)
            rows = [
                {"period": f"{row.day:%Y-%m}", "duoarea": "ZEU", "series": name, "value": row.value and str(row.value), "units": units}
                for row in published
                if row.series == asset and f"{row.day:%Y-%m}" >= asked.query.get("start", "")
            ]  # fmt: skip
            return as_json(
                {"response": {"total": str(len(rows)), "dateFormat": "YYYY-MM", "frequency": "monthly", "data": rows}}
            )

        return answer

    server.routes["/api.eia.gov/v2/petroleum/pri/spt/data/"] = prices("brent", "RBRTE", "$/BBL")
    server.routes["/api.eia.gov/v2/natural-gas/pri/fut/data/"] = prices("natural_gas_us", "RNGWHHD", "$/MMBTU")
    return ("brent", "natural_gas_us")


def _komis(server: Loopback, _: Path, edit: Edit = as_published) -> tuple[str, ...]:
    page = as_html()
    server.routes["/www.komis.or.kr/Komis/RsrcPrice/MinorMetals"] = Answer(
        page.body, headers={"Set-Cookie": "JSESSIONID=1; Path=/"}
    )
    options = {
        "MNRL0024": [{"cdKey": 711, "cdVal": "Gallium", "spcfct": "99.99"}],
        "MNRL1001": [
            {"cdKey": 746, "cdVal": "Index", "spcfct": ""},
            {"cdKey": 757, "cdVal": "Neodymium Oxide", "spcfct": "99.5"},
        ],
    }
    server.routes["/www.komis.or.kr/Komis/RsrcPrice/ajax/getMnrlPriceCrtr"] = lambda asked: as_json(
        {"data": options[asked.query["mnrkndUnqCd"]]}
    )
    monday = date(2026, 11, 23)
    published = edit(
        _rows({name: {monday: price, EVE: None, DAY: price} for name, price in (("gallium", 1250.5), ("neodymium/2", 92.75))})
    )

    def prices(asked: Asked) -> Answer:
        assert asked.headers.get("cookie") == "JSESSIONID=1"
        series = {"711": "gallium", "757": "neodymium/2"}[asked.query["srchPrcCrtr"]]
        rows = [
            {"crtrYmd": f"{row.day:%Y%m%d}", "cmercPrc": f"{row.value or 0:,.2f}", "lowstPrc": "0.00", "hghstPrc": "0.00",
             "invt": "0.00", "flctnPrc": "0.00"}
            for row in reversed(published)
            if row.series == series
        ]  # fmt: skip
        info = {
            "mnrkndKornNm": "갈륨",
            "prcCrtr": "99.99%min FOB China",
            "isISE": "Y",
            "weigUnitCd": "kg",
            "prcUnitCdNm": "USD",
        }
        return as_json({"dataAvg": {"INFO": info, "stdMap": {}}, "data": {"compareMnrl": [], "defaultMnrl": rows}})

    server.routes["/www.komis.or.kr/Komis/RsrcPrice/ajax/getMnrlPrcByMnrkndUnqCd"] = prices
    return ("gallium", "neodymium/2")


def _comtrade(server: Loopback, _: Path, edit: Edit = as_published) -> tuple[str, ...]:
    series = ("CHN-export-250410", "CHN-export-811292")
    published = edit(_rows({name: dict.fromkeys((AUGUST, SEPTEMBER), 100_000.0) for name in series}))

    def trade(asked: Asked) -> Answer:
        assert asked.headers["ocp-apim-subscription-key"] == "secret"
        code, months = asked.query["cmdCode"], asked.query["period"].split(",")
        partners = [(0, "W00", 1.0), (392, "JPN", 0.6)] + ([(899, "_X ", 0.4)] if code == "811292" else [])
        rows = [
            {
                "typeCode": "C", "freqCode": "M", "period": f"{row.day:%Y%m}", "reporterCode": 156, "reporterISO": "CHN",
                "flowCode": "X", "partnerCode": number, "partnerISO": iso, "cmdCode": code, "qtyUnitAbbr": "kg",
                "netWgt": share * 1000, "primaryValue": share * row.value,
            }
            for row in published
            # A month ahead comes unasked.
            if row.series.endswith(code) and row.value is not None and (f"{row.day:%Y%m}" in months or row.day > TODAY)
            for number, iso, share in partners
        ]  # fmt: skip
        return as_json({"elapsedTime": "0.1 secs", "count": len(rows), "data": rows, "error": ""})

    server.routes["/comtradeapi.un.org/data/v1/get/C/M/HS"] = trade
    return series


def gacc_csv(rows: list[tuple[str, ...]]) -> str:
    """A file of the Chinese customs' statistics site; a comma ends each line."""
    head = (
        "数据年月",
        "商品编码",
        "商品名称",
        "贸易伙伴编码",
        "贸易伙伴名称",
        "第一数量",
        "第一计量单位",
        "第二数量",
        "第二计量单位",
        "美元",
    )
    lines = io.StringIO()
    csv.writer(lines).writerows([*row, ""] for row in (head, *rows))  # each line ends with a comma
    return lines.getvalue()


def _gacc(_: Loopback, folder: Path, edit: Edit = as_published) -> tuple[str, ...]:
    masses = {SEPTEMBER: ("1,500", "千克"), OCTOBER: ("2", "吨")}
    published = edit(_rows({name: {SEPTEMBER: 600_000, OCTOBER: 800_000} for name in ("a.csv", "b.csv")}))
    for name, encoding in (("a.csv", "gb18030"), ("b.csv", "utf-8-sig")):
        (folder / name).unlink(missing_ok=True)
        if any(row.series == name for row in published):
            lines = [
                (f"{row.day:%Y%m}", "81129210", "未锻轧镓", "116", "日本", *masses.get(row.day, ("9", "吨")), "0", "-", f"{row.value:,.0f}")
                for row in published
                if row.series == name and row.value is not None
            ]  # fmt: skip
            if lines:
                lines.append(("202609", "81129210", "未锻轧镓", "122", "马来西亚", "3", "千克", "0", "-", "1,200"))
            (folder / name).write_bytes(gacc_csv(lines).encode(encoding))
    return tuple(f"{folder / name}:export" for name in ("a.csv", "b.csv"))


def _usgs(server: Loopback, _: Path, edit: Edit = as_published) -> tuple[str, ...]:
    head = "MCS chapter,Section,Commodity,Country,Statistics,Statistics_detail,Unit,Year,Value,Notes,Is critical mineral 2025,Other notes\n"
    priced = {
        "antimony": ("ANTIMONY", "Antimony", "metal, average", "dollars per pound"),
        "gallium": ("GALLIUM", "Gallium", "average unit value of imports", "dollars per kilogram"),
    }
    published = edit(
        _rows(
            {
                "antimony": {date(2023, 12, 31): 9.9, date(2024, 12, 31): 10.24, date(2025, 12, 31): None},
                "gallium": {date(2024, 12, 31): 439, date(2025, 12, 31): 580},
            }
        )
    )
    lines = [
        'GALLIUM,Salient Statistics—United States,Gallium,United States,Production,"Production, primary",kilograms,2025,—,,Yes,x'
    ]
    for row in published:
        chapter, commodity, words, unit = priced[row.series]
        note = "Estimated." if (row.series, row.day.year) == ("gallium", 2025) else ""
        lines.append(
            f'{chapter},Salient Statistics—United States,{commodity},United States,Price,"Price, {words}, {unit}",{unit},{row.day.year},'
            f"{'NA' if row.value is None else row.value},{note},Yes,x"
        )
    produced = (("China", "900,000", "Primary production"), ("Japan", "3,000", "Primary production"), ("Russia", "6,000", "Primary production"),
                ("Ukraine", "W", "Primary production"), ("World total", "909,000", "Primary production: rounded"))  # fmt: skip
    lines += [
        f'GALLIUM,World Low-Purity Production and Production Capacity,Gallium,{country},Production,{what},kilograms,2025,"{kg}",Estimated.,Yes,x'
        for country, kg, what in produced
    ]
    site = "https://www.sciencebase.gov/catalog/file/get"
    items = [
        {"title": "U.S. Geological Survey Mineral Commodity Summaries 2025 Data Release", "files": [{"name": "MCS2025_Commodities_Data.csv", "url": f"{site}/1"}]},
        {"title": "U.S. Geological Survey Mineral Commodity Summaries 2026 Data Release", "files": [{"name": "MCS2026_Commodities_Data.csv", "url": f"{site}/2"}, {"name": "readme.txt", "url": f"{site}/3"}]},
        {"title": "Mineral Commodity Summaries 2099", "files": [{"name": "x_Commodities_Data.csv", "url": "https://elsewhere.example/x"}]},
    ]  # fmt: skip
    server.routes["/www.sciencebase.gov/catalog/items"] = as_json({"total": 3, "items": items})
    server.routes["/www.sciencebase.gov/catalog/file/get/2"] = Answer((head + "\n".join(lines) + "\n").encode("cp1252"))
    return ("antimony", "gallium")


def _yahoo(server: Loopback, _: Path, edit: Edit = as_published) -> tuple[str, ...]:
    days = weekdays(date(2026, 11, 16), 8)
    rows = edit(_rows({name: {day: base + i for i, day in enumerate(days)} for name, base in (("GLD", 400.0), ("REMX", 60.0))}))
    server.routes.clear()
    listings = {
        name: Listing([(row.day, row.value) for row in rows if row.series == name]) for name in {row.series for row in rows}
    }
    serve(server, listings)
    for name, listing in listings.items():
        if listing.closes[-1][0] > TODAY:  # nobody asks for it
            server.routes[CHART + name] = lambda asked, name=name, listing=listing: listing.chart(
                name, replace(asked, query={})
            )
    return ("GLD", "REMX")


def _files(server: Loopback, folder: Path, edit: Edit = as_published) -> tuple[str, ...]:
    rows = edit(_rows({"REMX": {EVE: 66.0, DAY: 67.5}, "COPX": {EVE: 51.0, DAY: 51.25}}))
    frames = {
        name: pl.DataFrame(
            [(row.day.isoformat(), name, row.value, "USD") for row in rows if row.series == name],
            schema={"date": pl.String, "asset": pl.String, "price": pl.Float64, "currency": pl.String}, orient="row",
        )
        for name in ("REMX", "COPX")
    }  # fmt: skip
    frames["REMX"].write_csv(folder / "own.csv")
    server.routes.clear()
    if frames["COPX"].height:
        packed = io.BytesIO()
        frames["COPX"].write_parquet(packed)
        server.routes["/files.example/own.parquet"] = Answer(packed.getvalue())
    return (str(folder / "own.csv"), "https://files.example/own.parquet")


def _by_series(
    *rows: Mapping[date, Mapping[str, Any]],
) -> Callable[[tuple[str, ...]], Mapping[str, Mapping[date, Mapping[str, Any]]]]:
    return lambda names: dict(zip(names, rows, strict=True))


NO_LEVEL = "value and mass of a month have no usual level by which a unit could be told"
RECORDED: Mapping[str, Recorded] = {
    "ecb": Recorded(
        _ecb, "fx", _by_series({DAY: {"rate": 0.9298, "base": "EUR", "known_from": DAY}}, {TODAY: {"rate": 1.1172, "quote": "USD"}})
    ),
    "us_census": Recorded(
        _census, "prices",
        _by_series(
            {AUGUST: {"price": 400.0, "quantity": 1250.0, "basis": "customs_unit_value", "known_from": date(2026, 10, 10)}},
            {SEPTEMBER: {"price": 200.0, "unit": "kg", "known_from": date(2026, 11, 10)}},
        ),
        {"CENSUS_API_KEY": "secret"},
    ),
    "world_bank_pink_sheet": Recorded(
        _world_bank, "prices",
        _by_series(
            {SEPTEMBER: {"price": 70.0, "unit": "bbl", "known_from": date(2026, 10, 5)}},
            {AUGUST: {"price": 4000.0 / 0.0311034768, "unit": "kg", "basis": "monthly_average"}},
        ),
    ),
    "eia": Recorded(
        _eia, "energy",
        _by_series({AUGUST: {"price": 71.5, "unit": "bbl"}}, {OCTOBER: {"price": 2.89, "unit": "mmbtu", "known_from": date(2026, 11, 15)}}),
        {"EIA_API_KEY": "secret"},
    ),
    "komis": Recorded(
        _komis, "prices",
        _by_series(
            {DAY: {"price": 1250.5, "asset": "komis:gallium", "basis": "Gallium 99.99%min FOB China"}},
            {DAY: {"price": 92.75, "asset": "komis:neodymium/2", "unit": "kg"}},
        ),
    ),
    "comtrade": Recorded(
        _comtrade, "flows",
        _by_series(
            {SEPTEMBER: {"asset": "hs250410", "direction": "export", "known_from": TODAY}}, {AUGUST: {"hs_code": "811292", "reporter": "CHN"}}
        ),
        {"COMTRADE_API_KEY": "secret"},
        {"pence labelled pounds": NO_LEVEL},
    ),
    "gacc": Recorded(
        _gacc, "flows", _by_series(*2 * [{OCTOBER: {"value": 800000.0, "quantity": 2000.0, "hs_code": "81129210"}}]),
        cannot={
            **dict.fromkeys(
                ("429 with `Retry-After`", "429 without it, twice", "500, then 200, for a past range", "slow drip", "redirect to a login",
                 "cut, without a length", "compressed and cut", "200 MB in 0.2 MB of gzip", "compressed by brotli unasked",
                 "`Content-Encoding` that is none", "redirect to itself", "redirect to another host", "nested 100,000 deep"),
                "a file that you downloaded: nothing is requested",
            ),
            "pence labelled pounds": NO_LEVEL,
            "a day twice": "rows of a month are added up, since the site lists ways of trade apart",
        },
    ),
    "usgs": Recorded(
        _usgs, "prices_annual",
        _by_series(
            {date(2024, 12, 31): {"price": 10.24 / 0.45359237, "unit": "kg"}},
            {date(2025, 12, 31): {"price": 580.0, "status": "estimate", "known_from": date(2026, 2, 6)}},
        ),
    ),
    "yahoo": Recorded(_yahoo, "quotations", _by_series({DAY: {"close": 407.0}}, {DAY: {"adjusted_close": 67.0, "currency": "USD"}})),
    "files": Recorded(_files, "prices", _by_series({DAY: {"price": 67.5, "asset": "REMX"}}, {DAY: {"price": 51.25, "asset": "COPX"}})),
}  # fmt: skip
