"""`propose`: from a request to a run record, in the order of the design's sentence: market, forecast, allocation, record."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from toolkit import __version__
from toolkit.app.prepare import Prepared, prepare
from toolkit.app.record import run_record
from toolkit.app.request import Request
from toolkit.app.runs import run_id, store
from toolkit.optimize.allocate import Allocation, allocate

LIBRARIES = ("clarabel", "cvxpy", "numpy", "piqp", "polars", "scipy")


@dataclass(frozen=True, slots=True)
class Result:
    """A finished proposal: the run object of the contract, and what it was made from.

    Attributes:
        posed, allocation: The problem and its answer, for `toolkit.app.explain`.
    """

    record: Mapping[str, Any]
    inputs: Mapping[str, Any]
    folder: Path
    posed: Prepared
    allocation: Allocation

    def save(self, *, report: bool) -> Path:
        """Write the run folder, with the HTML report if asked for, and return it."""
        if not report:
            return store(self.folder, self.record, self.inputs, None)
        # The report's libraries take as long to import as the solver: only who wants a report pays.
        from toolkit.app.report import report_html  # noqa: PLC0415

        return store(self.folder, self.record, self.inputs, lambda: report_html(self.record))


def propose(request: Request) -> Result:
    """Propose an allocation.

    Raises:
        ToolkitError: of the kind that says who can help.
    """
    config = request.settings.config
    currency, destination = config.owner.currency, config.owner.country
    posed = prepare(request)
    strategy, inputs = posed.strategy, posed.inputs
    allocation = allocate(posed.problem, posed.solver)
    used = posed.used_rows(currency)
    provenance = [record.to_json() for record in inputs.snapshot.provenance(used)]
    made_from = {
        "as_of": request.as_of.isoformat(),
        "strategy": {"name": strategy.name, "fingerprint": strategy.fingerprint, **strategy.canonical()},
        "settings": {"country": destination, "currency": currency, "budget": posed.budget},
        "prices": inputs.own_prices,
        "holdings": None if request.holdings is None else [float(quantity) for quantity in posed.held],
        "data": {f"{entry['table']}/{entry['source_id']}": entry["sha256"] for entry in provenance},
        "versions": {"toolkit": __version__, "python": platform.python_version(), **{n: version(n) for n in LIBRARIES}},
        "seed": request.seed,
    }
    record = run_record(
        run_id=run_id(request.as_of.isoformat(), strategy.name, made_from),
        as_of=request.as_of,
        owner={"country": destination, "currency": currency},
        budget=posed.budget,
        strategy=strategy,
        inputs=inputs,
        problem=posed.problem,
        allocation=allocation,
        prices=posed.prices,
        held=posed.held,
        rates=posed.rates,
        provenance=provenance,
        versions=made_from["versions"],
        outlook=posed.outlook,
    )
    return Result(record, made_from, Path(config.output.folder), posed, allocation)
