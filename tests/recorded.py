"""Payloads in the formats of the sources, and the rows that are in them: what the contract of sources is held against."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from tests.loopback import Answer, Asked, Loopback, as_html, as_json
from tests.workbooks import xlsx
from tests.yahoo_charts import Listing, serve, weekdays

TODAY = date(2026, 11, 26)


@dataclass(frozen=True)
class Recorded:
    """A source's payloads.

    Attributes:
        play: Puts the routes on the server; returns the names of two series, of files those that it wrote.
        table: Table of the rows.
        rows: Series -> columns of some rows, oldest first, by the column `date`.
        keys: Environment that the source needs.
    """

    play: Callable[[Loopback, Path], tuple[str, ...]]
    table: str
    rows: Callable[[tuple[str, ...]], Mapping[str, Mapping[date, Mapping[str, Any]]]]
    keys: Mapping[str, str] = field(default_factory=dict)


def _ecb(server: Loopback, _: Path) -> tuple[str, ...]:
    head = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE\n"

    def rates(asked: Asked) -> Answer:
        wanted = asked.path.rpartition("/D.")[2].partition(".")[0].split("+")
        lines = [
            ("CHF", "2026-11-24", "0.9312"), ("CHF", "2026-11-25", "0.9298"), ("USD", "2026-11-24", "1.1301"),
            ("USD", "2026-11-25", "NaN"), ("USD", "2026-11-26", "1.1172"),
        ]  # fmt: skip
        since = asked.query.get("startPeriod", "")
        body = "".join(
            f"EXR.D.{code}.EUR.SP00.A,D,{code},EUR,SP00,A,{day},{rate}\n"
            for code, day, rate in lines
            if code in wanted and day >= since
        )
        return Answer((head + body).encode(), headers={"Content-Type": "text/csv"})

    server.routes["/data-api.ecb.europa.eu/service/data/EXR/"] = rates
    return ("CHF", "USD")


def _census(server: Loopback, _: Path) -> tuple[str, ...]:
    months = ["2026-07", "2026-08", "2026-09"]
    figures = {
        ("8112921000", None): [("410000", "1000"), ("500000", "1250"), ("30000", "0")],
        ("8112921000", "5700"): [("4100", "10"), None, ("2000", "5")],
        ("8101940000", None): [("2939976", "10755"), ("1000000", "5000"), ("1200000", "6000")],
        ("8101940000", "5700"): [None, None, None],
    }

    def imports(asked: Asked) -> Answer:
        assert asked.query["key"] == "secret"
        rows = figures[asked.query["I_COMMODITY"], asked.query.get("CTY_CODE")]
        first = asked.query["time"].removeprefix("from ")[:7]
        found = [(month, row) for month, row in zip(months, rows, strict=True) if row is not None and month >= first]
        if not found:
            return Answer(b"", status=204)
        # The service repeats what was asked for behind what it gives.
        head = ["GEN_VAL_MO", "GEN_QY1_MO", "UNIT_QY1", "I_COMMODITY", "COMM_LVL", "time"]
        code = asked.query["I_COMMODITY"]
        return as_json([head, *([value, kg, "KG", code, "HS10", month] for month, (value, kg) in found)])

    server.routes["/api.census.gov/data/timeseries/intltrade/imports/hs"] = imports
    return ("gallium", "tungsten")


def pink_sheet(rows: list[list[Any]], *, units: Mapping[str, str] | None = None) -> bytes:
    """The workbook of the Pink Sheet with Gold, Copper and Brent."""
    known = {"Crude oil, Brent": "($/bbl)", "Copper": "($/mt)", "Gold": "($/troy oz)", **(units or {})}
    sheet = [
        ["World Bank Commodity Price Data (The Pink Sheet)"], ["monthly prices in nominal US dollars, 1960 to present"],
        ["(monthly series are available only in nominal US dollar terms)"], ["Updated on November 03, 2026"],
        ["", "Crude oil, Brent", "Copper", "Gold"], ["", *known.values()], *rows,
    ]  # fmt: skip
    return xlsx({"AFOSHEET": [["x"]], "Monthly Prices": sheet})


def _world_bank(server: Loopback, _: Path) -> tuple[str, ...]:
    link = "https://thedocs.worldbank.org/en/doc/74e8be41ceb20fa0da750cda2f6b9e4e-0050012026/related/CMO-Historical-Data-Monthly.xlsx"
    server.routes["/www.worldbank.org/en/research/commodity-markets"] = as_html(
        f'<html><a href="{link}">Monthly prices</a></html>'
    )
    rows = [["2026M08", "…", 9000.5, 4000.0], ["2026M09", 70.0, 9100.0, 4010.0], ["2026M10", 71.5, 9200.0, 4020.0]]
    body = pink_sheet(rows)

    def book(asked: Asked) -> Answer:
        return Answer(status=304) if asked.headers.get("if-none-match") == '"7"' else Answer(body, headers={"ETag": '"7"'})

    server.routes["/thedocs.worldbank.org/en/doc/"] = book
    return ("brent", "gold")


def _eia(server: Loopback, _: Path) -> tuple[str, ...]:
    def prices(name: str, units: str, value: str) -> Callable[[Asked], Answer]:
        def answer(asked: Asked) -> Answer:
            assert (asked.query["api_key"], asked.query["facets[series][]"]) == ("secret", name)
            rows = [
                {"period": month, "duoarea": "ZEU", "series": name, "value": price, "units": units}
                for month, price in (("2026-08", value), ("2026-09", None), ("2026-10", value))
                if month >= asked.query.get("start", "")
            ]
            return as_json(
                {"response": {"total": str(len(rows)), "dateFormat": "YYYY-MM", "frequency": "monthly", "data": rows}}
            )

        return answer

    server.routes["/api.eia.gov/v2/petroleum/pri/spt/data/"] = prices("RBRTE", "$/BBL", "71.5")
    server.routes["/api.eia.gov/v2/natural-gas/pri/fut/data/"] = prices("RNGWHHD", "$/MMBTU", "2.89")
    return ("brent", "natural_gas_us")


def _komis(server: Loopback, _: Path) -> tuple[str, ...]:
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

    def prices(asked: Asked) -> Answer:
        assert asked.headers.get("cookie") == "JSESSIONID=1"
        price = {"711": "1,250.50", "757": "92.75"}[asked.query["srchPrcCrtr"]]
        days = {"20261123": price, "20261124": "0.00", "20261125": price}
        rows = [
            {"crtrYmd": day, "cmercPrc": value, "lowstPrc": "0.00", "hghstPrc": "0.00", "invt": "0.00", "flctnPrc": "0.00"}
            for day, value in reversed(days.items())
        ]
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


def _comtrade(server: Loopback, _: Path) -> tuple[str, ...]:
    def trade(asked: Asked) -> Answer:
        assert asked.headers["ocp-apim-subscription-key"] == "secret"
        code, months = asked.query["cmdCode"], asked.query["period"].split(",")
        partners = [(0, "W00", 100.0), (392, "JPN", 60.0)] + ([(899, "_X ", 40.0)] if code == "811292" else [])
        rows = [
            {
                "typeCode": "C", "freqCode": "M", "period": month, "reporterCode": 156, "reporterISO": "CHN", "flowCode": "X",
                "partnerCode": number, "partnerISO": iso, "cmdCode": code, "qtyUnitAbbr": "kg", "netWgt": share * 10,
                "primaryValue": share * 1000,
            }
            for month in ("202608", "202609")
            if month in months
            for number, iso, share in partners
        ]  # fmt: skip
        return as_json({"elapsedTime": "0.1 secs", "count": len(rows), "data": rows, "error": ""})

    server.routes["/comtradeapi.un.org/data/v1/get/C/M/HS"] = trade
    return ("CHN-export-250410", "CHN-export-811292")


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
    csv.writer(lines, lineterminator=",\r\n").writerows([head, *rows])
    return lines.getvalue()


def _gacc(server: Loopback, folder: Path) -> tuple[str, ...]:
    rows = [
        ("202609", "81129210", "未锻轧镓", "116", "日本", "1,500", "千克", "0", "-", "600,000"),
        ("202609", "81129210", "未锻轧镓", "122", "马来西亚", "3", "千克", "0", "-", "1,200"),
        ("202610", "81129210", "未锻轧镓", "116", "日本", "2", "吨", "0", "-", "800,000"),
    ]
    for name, encoding in (("a.csv", "gb18030"), ("b.csv", "utf-8-sig")):
        (folder / name).write_bytes(gacc_csv(rows).encode(encoding))
    return tuple(f"{folder / name}:export" for name in ("a.csv", "b.csv"))


def _usgs(server: Loopback, _: Path) -> tuple[str, ...]:
    head = "MCS chapter,Section,Commodity,Country,Statistics,Statistics_detail,Unit,Year,Value,Notes,Is critical mineral 2025,Other notes\n"
    lines = [
        'GALLIUM,Salient Statistics—United States,Gallium,United States,Price,"Price, average unit value of imports, dollars per kilogram",dollars per kilogram,2024,439,Source,Yes,x',
        'GALLIUM,Salient Statistics—United States,Gallium,United States,Price,"Price, average unit value of imports, dollars per kilogram",dollars per kilogram,2025,580,Estimated.,Yes,x',
        'GALLIUM,Salient Statistics—United States,Gallium,United States,Production,"Production, primary",kilograms,2025,—,,Yes,x',
        'ANTIMONY,Salient Statistics—United States,Antimony,United States,Price,"Price, metal, average, dollars per pound",dollars per pound,2024,10.24,,Yes,x',
        'ANTIMONY,Salient Statistics—United States,Antimony,United States,Price,"Price, metal, average, dollars per pound",dollars per pound,2025,NA,,Yes,x',
    ]
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


def _yahoo(server: Loopback, _: Path) -> tuple[str, ...]:
    days = weekdays(date(2026, 11, 16), 8)
    serve(
        server,
        {name: Listing([(day, base + i) for i, day in enumerate(days)]) for name, base in (("REMX", 60.0), ("GLD", 400.0))},
    )
    return ("GLD", "REMX")


def _files(server: Loopback, folder: Path) -> tuple[str, ...]:
    (folder / "own.csv").write_text("date,asset,price,currency\n2026-11-24,REMX,66,USD\n2026-11-25,REMX,67.5,USD\n")
    frame = pl.DataFrame({"date": ["2026-11-25"], "asset": ["COPX"], "price": [51.25], "currency": ["USD"]})
    frame.write_parquet(folder / "own.parquet")
    server.routes["/files.example/own.parquet"] = Answer((folder / "own.parquet").read_bytes())
    return (str(folder / "own.csv"), "https://files.example/own.parquet")


def _by_series(
    *rows: Mapping[date, Mapping[str, Any]],
) -> Callable[[tuple[str, ...]], Mapping[str, Mapping[date, Mapping[str, Any]]]]:
    return lambda names: dict(zip(names, rows, strict=True))


DAY, EVE = date(2026, 11, 25), date(2026, 11, 24)
AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)
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
    ),
    "gacc": Recorded(_gacc, "flows", _by_series(*2 * [{OCTOBER: {"value": 800000.0, "quantity": 2000.0, "hs_code": "81129210"}}])),
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
