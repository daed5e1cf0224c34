"""Why an allocation is what it is: `explanation` of `toolkit optimize --explain --json`. Fractions, and of them a year."""

from collections.abc import Mapping

from toolkit.records.base import Record, Rows, Sentence
from toolkit.records.fields import Name, TermName
from toolkit.records.run import Run


class Slopes(Record):
    """Changes for one more of a holding: 0.2 is 0.2 points for a point; null where nothing else could pay for it."""

    volatility: float | None
    """Of the volatility."""
    cost: float | None
    """Of the cost of trading and storage."""
    objective_risk: float | None = None
    """Of the objective by risk; missing, as those below, where the objective has no slopes."""
    objective_cost: float | None = None
    """Of the objective by cost."""
    objective_reward: float | None = None
    """Of the objective by return or by own risk."""
    objective: float | None = None
    """Of the objective, all together."""


class HoldingSlopes(Record):
    """What one more point of an asset would change."""

    asset: str
    """Key of the product or of the offer."""
    name: Name
    weight: float
    """Fraction of wealth."""
    risk_contribution: float
    """Part of the variance."""
    funded_by: str
    """Who pays for it: cash, or others in proportion."""
    from_cash: Slopes
    """Paid from cash."""
    from_others: Slopes
    """Paid by the other holdings in proportion."""

    @property
    def slopes(self) -> Slopes:
        """Paid by whom the proposal would take it from."""
        return self.from_cash if self.funded_by == "cash" else self.from_others


class PointWorth(Record):
    """What one more point of room is worth: a fall of the objective in a reader's unit; null where a unit does not apply."""

    volatility: float | None
    """Points of volatility less, as a fraction."""
    tracking_error: float | None
    """Points of tracking error less, as a fraction."""
    cost: float | None
    """Less a year, as a fraction of the budget."""
    ratio: float | None
    """More of the ratio."""
    reward: float | None
    """More return a year, as a fraction."""
    risk: float | None
    """Less of another measure of risk, as a fraction of the budget."""
    measure: str | None
    """Name of that measure."""
    words: str
    """The same in English."""


class Moves(Record):
    """How weights move with a number of the strategy."""

    at: float
    """Value of the number."""
    method: str | None
    """derivative, or solved again; null where it is not known."""
    reason: Sentence | None = None
    """Why it is not known."""
    valid_from: float | None = None
    """From which value on a derivative holds; null without end."""
    valid_to: float | None = None
    """Up to which value it holds; null without end."""
    weights: Mapping[str, float] = {}
    """Change of each weight for one of the number."""
    cash: float = 0.0
    """Change of cash."""
    volatility: float = 0.0
    """Change of the volatility."""
    cost: float = 0.0
    """Change of the cost a year."""


class LimitPrice(Record):
    """What a limit costs, or the room that it leaves."""

    name: TermName
    kind: str
    """Of the constraint."""
    side: str | None
    """upper or lower."""
    where: Rows[str | None]
    """Rows of it that bind: assets, countries."""
    value: float
    """What it comes to."""
    limit: float
    """What was asked."""
    room: float
    """How far it may still go."""
    binding: bool | None
    """Whether it is reached."""
    soft: float | None
    """Price of breaking it; null where it may not be broken."""
    price: float | None
    """Fall of the objective for one of room more; null where it has no unit."""
    worth: PointWorth | None
    """The same of a point in a reader's unit."""
    moves: Moves | None
    """What more room moves."""


class Bets(Record):
    """Effective numbers of what is held."""

    holdings: int
    """How many are held."""
    effective_holdings: float
    """Equal holdings that are as concentrated, by weight."""
    effective_risks: float
    """The same by contribution to risk."""
    effective_bets: float
    """The same by uncorrelated bets nearest to the holdings (minimum torsion)."""


class Rounded(Record):
    """A figure before and after whole lots."""

    divisible: float
    """If metals were divisible."""
    lots: float
    """In whole lots."""


class Rounding(Record):
    """What whole lots changed."""

    weights: Mapping[str, Rounded]
    """By asset."""
    cash: Rounded
    """Fraction of wealth."""
    volatility: Rounded
    """A year."""
    cost: Rounded
    """A year."""
    objective: Rounded
    """In its unit."""


class Explanation(Record):
    """Slopes of each holding, prices of limits, sensitivities, effective numbers, effect of lots."""

    holdings: Rows[HoldingSlopes]
    """Every asset, held or not."""
    limits: Rows[LimitPrice]
    """Each limit in numbers, once for each side that binds."""
    risk_aversion: Moves | None
    """What a larger risk aversion moves; null where risk has no price."""
    bets: Bets
    """How far it is spread."""
    rounding: Rounding | None
    """Null without whole lots."""


class ExplainedRun(Run, schema="optimize-explain"):
    """A run with its explanation, which is not stored."""

    explanation: Explanation
    """Why the proposal is what it is."""
