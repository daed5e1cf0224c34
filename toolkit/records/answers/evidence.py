"""What past prices say of strategies."""

from toolkit.records.base import Day, Record, Rows
from toolkit.records.evidence import StrategyEvidence


class EvidenceList(Record, schema="strategies-evidence"):
    """The stored evidence of strategies: `toolkit strategies evidence`."""

    as_of: Day
    """Day of the data."""
    currency: str
    """Of the budget."""
    budget: float
    """With which each begins."""
    strategies: Rows[StrategyEvidence]
    """By name."""
