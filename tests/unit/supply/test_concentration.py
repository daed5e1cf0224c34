"""Concentration: which table is chosen, and what is made of it."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.subjects import context
from toolkit.core.errors import GapError
from toolkit.supply.concentration import country_exposure, newest_shares, newest_supplies, scored_supplies


def table(*tables: tuple[str, int, int, dict[str, float]], asset="tin", stage="processing") -> pl.DataFrame:
    """A shares frame from (source, first year, last year, shares by country)."""
    return pl.DataFrame(
        [
            {
                "asset": asset,
                "stage": stage,
                "country": country,
                "period_start": date(start, 1, 1),
                "period_end": date(end, 12, 31),
                "share": share,
                "source": source,
                "known_from": date(end + 1, 2, 6),
            }
            for source, start, end, shares in tables
            for country, share in shares.items()
        ]
    )


def test_hhi_bounds_top_and_n_minus_1():
    supply = newest_supplies(table(("a", 2024, 2024, {"CHN": 0.5, "OTH": 0.3, "PER": 0.2})))["tin", "processing"]
    assert supply.countries == ("CHN", "PER")
    assert supply.hhi == pytest.approx(0.29)
    assert supply.hhi_upper == pytest.approx(0.38)
    assert (supply.top_country, supply.top_share, supply.n_minus_1) == ("CHN", 0.5, 0.5)
    assert (supply.share("PER"), supply.share("DEU"), supply.share("OTH")) == (0.2, 0.0, 0.0)


def test_the_remainder_is_never_the_top_country():
    supply = newest_supplies(table(("a", 2024, 2024, {"CHN": 0.3, "OTH": 0.7})))["tin", "processing"]
    assert supply.top_country == "CHN"


def test_the_newest_period_wins_then_the_later_publication_then_the_name():
    shares = table(("b", 2020, 2020, {"CHN": 1.0}), ("a", 2020, 2020, {"PER": 1.0}), ("old", 2019, 2019, {"USA": 1.0}))
    assert newest_supplies(shares)["tin", "processing"].source == "a"
    late = shares.with_columns(known_from=pl.when(pl.col("source") == "b").then(date(2022, 1, 31)).otherwise("known_from"))
    assert newest_supplies(late)["tin", "processing"].source == "b"
    assert set(newest_shares(late)["source"]) == {"b"}


def test_where_compilations_disagree_the_figures_have_both_ends():
    shares = table(("a", 2024, 2024, {"CHN": 0.8, "PER": 0.1, "USA": 0.1}))
    elsewhere = pl.DataFrame(
        [
            ("tin", "processing", "CHN", "b", 0.4),
            ("tin", "processing", "CHN", "c", 0.9),
            ("tin", "extraction", "CHN", "d", 0.1),
        ],
        schema=["asset", "stage", "country", "compilation", "share"],
        orient="row",
    )
    supply = newest_supplies(shares, elsewhere=elsewhere)["tin", "processing"]
    assert supply.share_range("CHN") == (0.4, 0.9)
    assert supply.share_range("PER") == (0.1, 0.1)
    assert supply.n_minus_1_range == pytest.approx((0.1, 0.6))
    # The others in proportion: 0.3 each where China makes 0.4, 0.05 each where it makes 0.9.
    assert supply.hhi_range == pytest.approx((0.4**2 + 2 * 0.3**2, 0.9**2 + 2 * 0.05**2))
    alone = newest_supplies(shares)["tin", "processing"]
    assert alone.n_minus_1_range == pytest.approx((alone.n_minus_1, alone.n_minus_1))
    assert alone.hhi_range == pytest.approx((alone.hhi, alone.hhi_upper))


def test_a_year_beats_an_average_that_ends_with_it():
    shares = table(("a", 2016, 2020, {"CHN": 1.0}), ("a", 2020, 2020, {"PER": 1.0}))
    assert newest_supplies(shares)["tin", "processing"].top_country == "PER"


def test_a_form_is_scored_at_its_own_stage_and_at_the_mine_where_no_refining_is_known():
    known = context(date(2026, 11, 24))
    shares, products = known.snapshot["shares"], {asset.key: asset for asset in known.products}
    assert {asset.stage for asset in products.values()} == {"processing"}
    found = scored_supplies(products.values(), shares)
    assert (found["tungsten"].stage, round(found["tungsten"].share("CHN"), 2)) == ("processing", 0.86)
    assert (found["antimony"].stage, round(found["antimony"].share("CHN"), 2)) == ("processing", 0.52)
    mined = {key for key, supply in found.items() if supply.stage != "processing"}
    assert mined == {"molybdenum", "gold", "silver"}
    before = scored_supplies([products["tungsten"]], shares.filter(pl.col("known_from") < date(2023, 3, 16)))
    assert before["tungsten"].stage == "extraction"


def test_a_table_of_nothing_but_a_remainder_has_no_concentration():
    with pytest.raises(GapError, match="name no country"):
        newest_supplies(table(("a", 2024, 2024, {"OTH": 1.0})))["tin", "processing"]


def test_exposure_accounts_for_every_weight():
    supplies = {
        "tin": newest_supplies(table(("a", 2024, 2024, {"CHN": 0.5, "PER": 0.25, "OTH": 0.25})))["tin", "processing"],
        "lead": newest_supplies(table(("a", 2024, 2024, {"CHN": 1.0}), asset="lead"))["lead", "processing"],
    }
    found = country_exposure({"tin": 0.4, "lead": 0.3, "gold": 0.2, "cash": 0.1}, supplies)
    assert found.as_mapping() == pytest.approx({"CHN": 0.5, "PER": 0.1})
    assert found.other == pytest.approx(0.1)
    assert (found.without_shares, found.unknown) == (("cash", "gold"), pytest.approx(0.3))
    assert sum(found.exposures) + found.other + found.unknown == pytest.approx(1.0)
    assert found.hhi == pytest.approx((0.4 * 0.3125 + 0.3 * 1.0) / 0.7)
    assert found.n_minus_1 == pytest.approx((0.4 * 0.5) / 0.7)
    assert (found.exposure("CHN"), found.exposure("OTH")) == (pytest.approx(0.5), 0.0)


def test_a_portfolio_without_any_shares_has_no_concentration():
    found = country_exposure({"gold": 1.0}, {})
    assert (found.hhi, found.n_minus_1, found.countries) == (None, None, ())
