"""Frame contracts: the columns, ranges and keys of every table of the `Market`, declared once.

Every row is dated twice: by its *observation* (`date`, `period_end`, `effective`, ...) and by `known_from`, the day
on which it was published. Masses are kg, countries ISO 3166 alpha-3, dates ISO 8601.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import dataframely as dy
import polars as pl

STAGES = ("extraction", "processing")
COUNTRY = r"^[A-Z]{3}$"
CURRENCY = r"^[A-Z]{3}$"


class Prices(dy.Schema):
    """Prices, one basis and one unit a series. `quantity` (kg) is the quantity of a customs unit value."""

    date = dy.Date(primary_key=True)
    asset = dy.String(primary_key=True)
    price = dy.Float64(nullable=False, min_exclusive=0, allow_inf=False, allow_nan=False)
    currency = dy.String(nullable=False, regex=CURRENCY)
    unit = dy.String(nullable=False)
    quantity = dy.Float64(nullable=True, min=0, allow_inf=False, allow_nan=False)
    basis = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)

    @dy.rule()
    def one_basis_a_series(cls) -> pl.Expr:
        return pl.col("basis").n_unique().over("asset") == 1

    @dy.rule()
    def one_unit_a_series(cls) -> pl.Expr:
        return (pl.col("unit").n_unique().over("asset") == 1) & (pl.col("currency").n_unique().over("asset") == 1)


class AnnualPrices(dy.Schema):
    """Annual average prices: shown, never interpolated to months. `date` is the last day of the year."""

    date = dy.Date(primary_key=True)
    asset = dy.String(primary_key=True)
    series = dy.String(primary_key=True)
    source = dy.String(primary_key=True)
    price = dy.Float64(nullable=False, min_exclusive=0)
    currency = dy.String(nullable=False, regex=CURRENCY)
    unit = dy.String(nullable=False)
    status = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class PricePoints(dy.Schema):
    """Single dated prices around control events, with basis; never spliced into a series."""

    event = dy.String(primary_key=True)
    asset = dy.String(primary_key=True)
    basis = dy.String(primary_key=True)
    date = dy.Date(primary_key=True)
    price_low = dy.Float64(nullable=False, min_exclusive=0)
    price_high = dy.Float64(nullable=False, min_exclusive=0)
    currency = dy.String(nullable=False, regex=CURRENCY)
    unit = dy.String(nullable=False)
    status = dy.String(nullable=False)
    citation = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)

    @dy.rule()
    def low_is_not_above_high(cls) -> pl.Expr:
        return pl.col("price_low") <= pl.col("price_high")


class ExchangeRates(dy.Schema):
    """Units of `quote` for one unit of `base`: of the day, or averages of a month dated at its end.

    The last known rate turns a level into money; returns of monthly prices are converted at averages of the months.
    """

    date = dy.Date(primary_key=True)
    base = dy.String(primary_key=True, regex=CURRENCY)
    quote = dy.String(primary_key=True, regex=CURRENCY)
    rate = dy.Float64(nullable=False, min_exclusive=0)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class Products(dy.Schema):
    """Products: form, purity, lot, spread and storage. `terms` says what the dealer terms rest on."""

    asset = dy.String(primary_key=True)
    name = dy.String(nullable=False)
    element = dy.String(nullable=True)
    form = dy.String(nullable=True)
    purity = dy.String(nullable=True)
    hs_code = dy.String(nullable=True)
    group = dy.String(nullable=False)
    unit = dy.String(nullable=False)
    lot_size = dy.Float64(nullable=True, min_exclusive=0)
    minimum_lots = dy.Int64(nullable=False, min=1)
    spread = dy.Float64(nullable=False, min=0, max_exclusive=1)
    storage = dy.Float64(nullable=False, min=0, max_exclusive=1)
    stage = dy.String(nullable=True)
    price_rhythm = dy.String(nullable=False)
    terms = dy.String(nullable=False)
    note = dy.String(nullable=True)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)

    @dy.rule()
    def stage_is_known(cls) -> pl.Expr:
        return pl.col("stage").is_in(STAGES)


class Shares(dy.Schema):
    """Production by country and stage. `OTH` is the unnamed remainder: many countries, never one."""

    asset = dy.String(primary_key=True)
    stage = dy.String(primary_key=True)
    country = dy.String(primary_key=True, regex=COUNTRY)
    period_start = dy.Date(primary_key=True)
    period_end = dy.Date(nullable=False)
    source = dy.String(primary_key=True)
    quantity = dy.Float64(nullable=True, min=0)
    unit = dy.String(nullable=True)
    share = dy.Float64(nullable=False, min=0, max=1.0000001)
    known_from = dy.Date(nullable=False)

    @dy.rule()
    def shares_add_up_to_one(cls) -> pl.Expr:
        return (pl.col("share").sum().over("asset", "stage", "period_start", "source") - 1).abs() < 0.005

    @dy.rule()
    def stage_is_known(cls) -> pl.Expr:
        return pl.col("stage").is_in(STAGES)


class SharesElsewhere(dy.Schema):
    """Shares of one country by other compilations than that of `Shares`: single figures, cited. `year` may be unknown."""

    asset = dy.String(primary_key=True)
    stage = dy.String(primary_key=True)
    country = dy.String(primary_key=True, regex=COUNTRY)
    compilation = dy.String(primary_key=True)
    year = dy.Int64(nullable=True)
    share = dy.Float64(nullable=False, min=0, max=1)
    note = dy.String(nullable=True)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class TradeFlows(dy.Schema):
    """Customs flows into `reporter` from `partner` (`WLD`: all partners). `basis`: reported or inferred_zero."""

    date = dy.Date(primary_key=True)
    reporter = dy.String(primary_key=True, regex=COUNTRY)
    partner = dy.String(primary_key=True, regex=COUNTRY)
    direction = dy.String(primary_key=True)
    asset = dy.String(primary_key=True)
    hs_code = dy.String(nullable=False)
    value = dy.Float64(nullable=False, min=0)
    currency = dy.String(nullable=False, regex=CURRENCY)
    quantity = dy.Float64(nullable=False, min=0)
    basis = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class Criticality(dy.Schema):
    """Published EU supply risk and economic importance by study year."""

    material = dy.String(primary_key=True)
    year = dy.Int64(primary_key=True)
    supply_risk = dy.Float64(nullable=True, min=0)
    economic_importance = dy.Float64(nullable=True, min=0)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class TradeParameters(dy.Schema):
    """EU trade parameter t by producer: below 1 eases, above 1 aggravates the concentration of supply."""

    asset = dy.String(primary_key=True)
    stage = dy.String(primary_key=True)
    country = dy.String(primary_key=True, regex=COUNTRY)
    trade_parameter = dy.Float64(nullable=False, min_exclusive=0)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class Recycling(dy.Schema):
    """End-of-life recycling input rate (fraction) of the EU 2023 study."""

    material = dy.String(primary_key=True)
    symbol = dy.String(nullable=True)
    stage = dy.String(nullable=True)
    eol_rir = dy.Float64(nullable=False, min=0, max=1)
    hs6 = dy.String(nullable=True)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class Compounds(dy.Schema):
    """The compound of a metal that a form is, by its formula, and the fraction of its mass that is the metal."""

    asset = dy.String(primary_key=True)
    form = dy.String(primary_key=True)
    formula = dy.String(nullable=False)
    content = dy.Float64(nullable=False, min_exclusive=0, max=1)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class LicencePapers(dy.Schema):
    """What an application for an export licence of a country has to hold; `paper` is its key."""

    paper = dy.String(primary_key=True)
    origin = dy.String(primary_key=True)
    statement = dy.String(nullable=False)
    citation = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class EndUses(dy.Schema):
    """Uses by application and NACE-2 sector. EU uses: displays are missing under indium."""

    asset = dy.String(nullable=False)
    application = dy.String(nullable=False)
    nace2 = dy.String(nullable=True)
    share = dy.Float64(nullable=False, min=0, max=1)
    scope = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)

    @dy.rule()
    def one_row_a_use_and_sector(cls) -> pl.Expr:
        return pl.len().over("asset", "application", "nace2") == 1


class History(dy.Schema):
    """Unit values (USD/kg) and production (kg) by year; `commodity` is the name of the source, `asset` the nearest metal."""

    date = dy.Date(primary_key=True)
    commodity = dy.String(primary_key=True)
    asset = dy.String(nullable=True)
    series = dy.String(primary_key=True)
    value = dy.Float64(nullable=False, min=0, allow_inf=False, allow_nan=False)
    unit = dy.String(nullable=False, regex=r"^(USD/kg|kg)$")
    source = dy.String(primary_key=True)
    known_from = dy.Date(nullable=False)


class UnitValues(dy.Schema):
    """World trade of a year by subheading of the Harmonized System of 1992: value (USD) over quantity (kg) is a unit value.

    `unit_value_median` (USD/kg) is the median over flows, weighted by quantity; `value_china` and `quantity_china` are exports
    of China. `asset` is null where the subheading mixes metals.
    """

    date = dy.Date(primary_key=True)
    hs_code = dy.String(primary_key=True, regex=r"^[0-9]{6}$")
    asset = dy.String(nullable=True)
    title = dy.String(nullable=False)
    value = dy.Float64(nullable=False, min_exclusive=0)
    quantity = dy.Float64(nullable=False, min_exclusive=0)
    flows = dy.Int64(nullable=False, min=1)
    unit_value_median = dy.Float64(nullable=False, min_exclusive=0)
    value_china = dy.Float64(nullable=True, min=0)
    quantity_china = dy.Float64(nullable=True, min=0)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class Energy(dy.Schema):
    """Monthly averages of energy in the long run; `Prices` has them from another source since 2012."""

    date = dy.Date(primary_key=True)
    asset = dy.String(primary_key=True)
    price = dy.Float64(nullable=False, min_exclusive=0, allow_inf=False, allow_nan=False)
    currency = dy.String(nullable=False, regex=CURRENCY)
    unit = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class Governance(dy.Schema):
    """World Bank WGI political stability estimate, about -2.5..+2.5, high is stable. The scale shifts in 2023."""

    country = dy.String(primary_key=True, regex=COUNTRY)
    year = dy.Int64(primary_key=True)
    political_stability = dy.Float64(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class Metals(dy.Schema):
    """Reference notes on each metal, in words: uses, hosts, storage. Shares and HHI are computed, not noted here."""

    asset = dy.String(primary_key=True)
    symbol = dy.String(nullable=False)
    name = dy.String(nullable=False)
    group = dy.String(nullable=False)
    traded_form = dy.String(nullable=True)
    storage_note = dy.String(nullable=True)
    quotation = dy.String(nullable=True)
    hs6 = dy.String(nullable=True)
    host = dy.String(nullable=True)
    by_product = dy.String(nullable=True)
    main_uses = dy.String(nullable=True)
    us_net_import_reliance = dy.String(nullable=True)
    us_list_2025 = dy.String(nullable=True)
    eu_list_2023 = dy.String(nullable=True)
    substitution_index_sr = dy.Float64(nullable=True)
    confidence = dy.String(nullable=True)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class ControlEvents(dy.Schema):
    """Export-control, practice, policy and market events. Status is computed from the dates, never stored.

    `ends` is inclusive. `acts_on` (event ids, `;` between them) are the events it changes, `relation` is how.
    `origin` is the jurisdiction whose exports are controlled, or that acted; `destination` is ``all`` or ISO-3 codes with
    `;` between them. `coverage` says how the forms of an event are found: ``listed`` in `ControlScopes`, ``acts_on`` what the
    events it acts on cover, ``dual_use_items`` whatever a dual-use licence of the same origin covers on the day, or ``none``.
    """

    event_id = dy.String(primary_key=True)
    kind = dy.String(nullable=False)
    instrument = dy.String(nullable=False)
    direction = dy.String(nullable=False)
    standing = dy.String(nullable=False)
    announced = dy.Date(nullable=False)
    announced_precision = dy.String(nullable=False)
    effective = dy.Date(nullable=True)
    ends = dy.Date(nullable=True)
    acts_on = dy.String(nullable=True)
    relation = dy.String(nullable=True)
    authority = dy.String(nullable=False)
    origin = dy.String(nullable=True)
    number = dy.String(nullable=True)
    destination = dy.String(nullable=False)
    end_user = dy.String(nullable=False)
    metals = dy.String(nullable=False)
    scope = dy.String(nullable=True)
    coverage = dy.String(nullable=False)
    hs_codes = dy.String(nullable=True)
    dual_use = dy.Bool(nullable=True)
    note = dy.String(nullable=True)
    citation = dy.String(nullable=False)
    citation_date = dy.String(nullable=True)
    source = dy.String(nullable=False)
    confidence = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class ControlScopes(dy.Schema):
    """Forms of metals that an event names, one row each; checked by `toolkit.controls.ledger_checks`.

    `form` is in the vocabulary of `Products.form`; ``any`` covers every form. `group` is the collective name under which
    the notice reaches the metal, null when it names the metal itself. `purity_min` is a fraction; `piece_mm_min` (sides of
    a solid piece in mm, `x` between them) and `piece_kg_min` are sizes below which a piece is not named. `certainty` is
    ``named``, ``uncertain``, or ``not_named``: a form that people wrongly think is covered, with the reason in `note`.
    `aliases` are other words for the form of this metal (formulas, trade words), `;` between them.
    """

    event_id = dy.String(primary_key=True)
    asset = dy.String(primary_key=True)
    form = dy.String(primary_key=True)
    group = dy.String(nullable=True)
    purity_min = dy.Float64(nullable=True, min=0, max=1)
    piece_mm_min = dy.String(nullable=True, regex=r"^\d+(\.\d+)?(x\d+(\.\d+)?){2}$")
    piece_kg_min = dy.Float64(nullable=True, min=0)
    certainty = dy.String(nullable=False)
    aliases = dy.String(nullable=True)
    note = dy.String(nullable=True)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class ControlItems(dy.Schema):
    """Controlled items as the Chinese notices list them, with tariff codes (8 or 10 digits, `;` between them)."""

    event_id = dy.String(nullable=False)
    notice = dy.String(primary_key=True)
    item = dy.String(primary_key=True)
    item_cn = dy.String(nullable=True)
    metals = dy.String(nullable=False)
    control_code = dy.String(nullable=True)
    hs_codes = dy.String(nullable=True)
    announced = dy.Date(nullable=False)
    effective = dy.Date(nullable=True)
    citation = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class DualUseList(dy.Schema):
    """Items on metals of China's licence catalogue of 2026, as a compilation has them: it finds gaps in the ledger.

    `number` is that of the catalogue, `asset` the metal that the item names, which `secondary` says is not its heading. `form`
    is in the words of the list, `thresholds` what it asks for, `;` between them. `confidence` is below that of any notice.
    """

    number = dy.String(primary_key=True)
    control_code = dy.String(primary_key=True)
    asset = dy.String(primary_key=True)
    form = dy.String(primary_key=True)
    item = dy.String(primary_key=True)
    item_cn = dy.String(nullable=False)
    thresholds = dy.String(nullable=True)
    hs_codes = dy.String(nullable=True)
    secondary = dy.Bool(nullable=False)
    note = dy.String(nullable=True)
    confidence = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)


class Assumptions(dy.Schema):
    """Parameters of models that are no measurements of this data set, each with its range and what it rests on.

    `subject` is an asset key, ``all``, or the word that a number stands for. `basis` is ``assumption`` (the toolkit's own),
    ``statutory``, ``observed`` or ``published``.
    """

    name = dy.String(primary_key=True)
    subject = dy.String(primary_key=True)
    low = dy.Float64(nullable=True)
    central = dy.Float64(nullable=True)
    high = dy.Float64(nullable=True)
    unit = dy.String(nullable=False)
    basis = dy.String(nullable=False)
    statement = dy.String(nullable=False)
    citation = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)

    @dy.rule()
    def basis_is_known(cls) -> pl.Expr:
        return pl.col("basis").is_in(["assumption", "statutory", "observed", "published"])

    @dy.rule()
    def a_number_is_given(cls) -> pl.Expr:
        return pl.any_horizontal(pl.col("low", "central", "high").is_not_null())


class CriticalityMaterials(dy.Schema):
    """Under which name the EU studies score a metal. `scope` is ``material``, or ``group`` for a score shared with others."""

    asset = dy.String(primary_key=True)
    material = dy.String(primary_key=True)
    scope = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)

    @dy.rule()
    def scope_is_known(cls) -> pl.Expr:
        return pl.col("scope").is_in(["material", "group"])


class TariffCodes(dy.Schema):
    """Subheadings of the Harmonized System (six digits) and every material that is counted under each.

    `assets` are asset keys, `others` materials that the toolkit does not follow, both with `;` between them. A code with more
    than one of them cannot show what happens to one; `note` says why.
    """

    hs_code = dy.String(primary_key=True, regex=r"^[0-9]{6}$")
    title = dy.String(nullable=False)
    assets = dy.String(nullable=True)
    others = dy.String(nullable=True)
    note = dy.String(nullable=True)
    citation = dy.String(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)

    @dy.rule()
    def a_material_is_named(cls) -> pl.Expr:
        return pl.any_horizontal(pl.col("assets", "others").is_not_null())


TABLES: Mapping[str, type[dy.Schema]] = MappingProxyType(
    {
        "prices": Prices,
        "prices_annual": AnnualPrices,
        "price_points": PricePoints,
        "fx": ExchangeRates,
        "history": History,
        "unit_values": UnitValues,
        "energy": Energy,
        "products": Products,
        "shares": Shares,
        "shares_elsewhere": SharesElsewhere,
        "flows": TradeFlows,
        "criticality": Criticality,
        "trade_parameters": TradeParameters,
        "recycling": Recycling,
        "end_uses": EndUses,
        "governance": Governance,
        "metals": Metals,
        "controls": ControlEvents,
        "control_scopes": ControlScopes,
        "control_items": ControlItems,
        "dual_use_list": DualUseList,
        "assumptions": Assumptions,
        "criticality_materials": CriticalityMaterials,
        "tariff_codes": TariffCodes,
        "compounds": Compounds,
        "licence_papers": LicencePapers,
    }
)
"""Every table of the market by name, and its contract."""

REFERENCE_DATE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("prices", "prices_annual", "price_points", "fx", "history", "unit_values", "energy", "flows"), "date"),
        "shares": "period_end",
    }
)
"""Table of observations -> column of dates that must not lie after the day of the question; controls are announced ahead."""
