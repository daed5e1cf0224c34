"""Daily prices of metals that Korea's mineral information service (KOMIS) shows, by the requests of its public pages.

The service answers forms with JSON, after its page was opened in the same session. The number of a price basis (`cdKey`) is
given anew from time to time, so it is looked up before each series. Addresses abroad are blocked at times, with an empty reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import polars as pl

from toolkit.core.units import KG_PER_UNIT
from toolkit.market.sources.base import DataSource, Query, SeriesResult
from toolkit.market.sources.client import Budget, FetchError
from toolkit.records.store import Use

SITE = "https://www.komis.or.kr/Komis/RsrcPrice/"
PAGES = MappingProxyType({"HP001": "BaseMetals", "HP002": "MinorMetals", "HP004": "EtcMnrl"})
"""Group of the service -> page of its prices."""
MINERALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "gallium": ("HP002", "MNRL0024"), "germanium": ("HP002", "MNRL0035"), "indium": ("HP002", "MNRL0025"),
        "antimony": ("HP002", "MNRL0019"), "bismuth": ("HP002", "MNRL0020"), "tungsten": ("HP002", "MNRL0018"),
        "molybdenum": ("HP002", "MNRL0012"), "cobalt": ("HP002", "MNRL0003"), "lithium": ("HP002", "MNRL0001"),
        "magnesium": ("HP002", "MNRL0011"), "manganese": ("HP002", "MNRL0004"), "vanadium": ("HP002", "MNRL0013"),
        "selenium": ("HP002", "MNRL0029"), "tantalum": ("HP002", "MNRL0026"), "titanium": ("HP002", "MNRL0017"),
        "chromium": ("HP002", "MNRL0021"), "niobium": ("HP002", "MNRL0007"), "zirconium": ("HP002", "MNRL0027"),
        "neodymium": ("HP002", "MNRL1001"), "praseodymium": ("HP002", "MNRL1056"), "dysprosium": ("HP002", "MNRL1004"),
        "terbium": ("HP002", "MNRL1005"), "samarium": ("HP002", "MNRL1062"), "gadolinium": ("HP002", "MNRL1064"),
        "yttrium": ("HP002", "MNRL1054"), "scandium": ("HP002", "MNRL1053"), "lanthanum": ("HP002", "MNRL1003"),
        "cerium": ("HP002", "MNRL1002"), "nickel": ("HP001", "MNRL0002"), "copper": ("HP001", "MNRL0008"),
        "zinc": ("HP001", "MNRL0023"), "aluminium": ("HP001", "MNRL0009"), "lead": ("HP001", "MNRL0022"),
        "tin": ("HP001", "MNRL0016"), "graphite": ("HP004", "MNRL0005"),
    }
)  # fmt: skip
"""Metal -> group and number of the mineral."""
MASSES = MappingProxyType({"kg": "kg", "g": "g", "lb": "lb", "mt": "t", "ton": "t", "t": "t", "troz": "ozt"})
"""Unit of mass of the service -> that of `KG_PER_UNIT`."""
FIRST_YEAR = 1990


class Komis(DataSource):
    """KOMIS: published prices of one product and term of delivery a series, in the units of the service's own.

    A metal gives the series ``komis:METAL`` of the first price basis that the service lists, ``METAL/n`` that of the n-th. They
    are no prices of customs and are never spliced with them: the assets have names of their own.
    """

    kind: Literal["komis"] = "komis"
    title: ClassVar[str] = "KOMIS, Korea Mineral Resource Information Service"
    url: ClassVar[str] = "https://www.komis.or.kr/Komis/RsrcPrice/MinorMetals"
    terms: ClassVar[str] = "no copying and distribution without permission; own use"
    use: ClassVar[Use] = "never"
    rhythm_days: ClassVar[int] = 4
    lag_days: ClassVar[int] = 7
    budget: ClassVar[Budget] = Budget(requests=20, seconds=60.0, workers=1)

    def series(self) -> tuple[str, ...]:
        """Metals, each by its first price basis."""
        return tuple(MINERALS)

    def accepts(self, series: str) -> bool:
        """A metal, or one with the number of a price basis behind a slash."""
        metal, slash, number = series.partition("/")
        return metal in MINERALS and (not slash or (number.isdecimal() and int(number) > 0))

    def stored_as(self, series: str) -> str:
        """The asset of the series."""
        return f"{self.kind}:{series}"

    def one(self, series: str, query: Query) -> SeriesResult:
        """Three requests, one after the other."""
        start, client = query.since.get(series), query.client
        metal, _, number = series.partition("/")
        group, mineral = MINERALS[metal]
        client.get(SITE + PAGES[group], kind="page")
        form = {"X-Requested-With": "XMLHttpRequest", "Referer": client.address(SITE + PAGES[group])}
        options = client.post(SITE + "ajax/getMnrlPriceCrtr", {"HP000": group, "mnrkndUnqCd": mineral}, headers=form).json()[
            "data"
        ]
        if len(options) < int(number or 1):
            raise FetchError("not_found", f"{metal} has {len(options)} price bases")
        basis = options[int(number or 1) - 1]
        asked = {
            "HP000": group, "srchMnrkndUnqCd": mineral, "srchPrcCrtr": str(basis["cdKey"]), "spcfct": basis.get("spcfct") or "",
            "srchAvgOpt": "DAY", "srchField": "year", "srchStartDate": str(start.year if start else FIRST_YEAR),
            "srchEndDate": str(client.today.year), "srchCompareMnrkndUnqCd": "", "srchComparePrcCrtr": "", "lmeInvt": "N",
        }  # fmt: skip
        reply = client.post(SITE + "ajax/getMnrlPrcByMnrkndUnqCd", asked, headers=form).json()
        average = reply["dataAvg"]
        about: Mapping[str, Any] = average.get("INFO") or average["stdMap"]["INFO"]
        unit = MASSES.get(str(about["weigUnitCd"]).casefold())
        if unit is None or unit not in KG_PER_UNIT:
            raise FetchError("format", f"price per {about['weigUnitCd']!r}")
        records = [
            (datetime.strptime(row["crtrYmd"], "%Y%m%d").date(), float(str(row["cmercPrc"]).replace(",", "")))
            for row in reply["data"]["defaultMnrl"]
        ]
        days = pl.DataFrame(records, schema={"date": pl.Date, "price": pl.Float64}, orient="row").sort("date")
        # A price of zero is a day without one.
        prices = days.filter(pl.col("price") > 0, pl.col("date") >= (start or date.min)).with_columns(
            pl.col("price") / KG_PER_UNIT[unit], asset=pl.lit(self.stored_as(series)), currency=pl.lit(about["prcUnitCdNm"]),
            unit=pl.lit("kg"), quantity=pl.lit(None, dtype=pl.Float64), source=pl.lit(self.kind), known_from=pl.col("date"),
            basis=pl.lit(" ".join(f"{basis.get('cdVal') or ''} {about['prcCrtr']}".split())),
        )  # fmt: skip
        return self.result(series, {"prices": prices}, client, [SITE + "ajax/getMnrlPrcByMnrkndUnqCd"])
