"""What a reader of a backtest must know before believing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolkit.backtest.simulate import Backtest
from toolkit.core.messages import message
from toolkit.core.remarks import Remark, note

FEW_DECISIONS = 4
"""Decisions below which a backtest says little of a rule and much of its first purchase."""


def remarks(record: Mapping[str, Any], simulated: Sequence[Backtest]) -> Iterator[Remark]:
    """Warnings and notes on a backtest.

    Args:
        record: Its object, without remarks.
        simulated: The strategies, then baselines, in the order of the object.
    """
    ours = [(entry, found) for entry, found in zip(record["strategies"], simulated, strict=True) if entry["role"] == "strategy"]
    for entry, found in ours:
        if len(found.decided) < FEW_DECISIONS:
            text = message(
                "Decisions of {strategy}: {count:d}, too few to say much of its rule.",
                strategy=entry["name"],
                count=len(found.decided),
            )
            yield Remark("answer", text, message("Choose a longer range, or a shorter period of rebalancing."))
        failed = [incident.day for incident in found.incidents if incident.kind in ("unsolved", "no_forecast")]
        if failed:
            text = message(
                "{strategy} found no answer on {count:d} of {all:d} days, first on {day:%Y-%m-%d}: what was held was kept.",
                strategy=entry["name"], count=len(failed), all=len(failed) + len(found.decided), day=failed[0],
            )  # fmt: skip
            yield Remark("answer", text, message("The reasons stand in the incidents of the object (--json)."))
    if record["noisy"]:
        yield Remark(
            "data",
            message(
                "{assets} are traded and valued at customs unit values: their noise is in the volatility and in the drawdowns, "
                "and nobody is promised these prices.",
                assets=record["noisy"],
            ),
            message("--estimated takes the prices that a filter finds behind them."),
            tuple(record["noisy"]),
        )
    if record["filtered"]:
        yield note(
            message(
                "{assets} are traded and valued at prices estimated behind customs unit values, none from a later month. No "
                "interval holds the error of these prices.",
                assets=record["filtered"],
            )
        )
    if record["averaged"]:
        yield note(
            message(
                "{assets} are valued at monthly averages, which move a fifth less than prices of a day (Working 1960).",
                assets=record["averaged"],
            )
        )
    yield note(
        message(
            "Decisions know what was published on their day; trades are made at the next price; spreads, fees and storage are "
            "paid; income tax is not."
        )
    )
