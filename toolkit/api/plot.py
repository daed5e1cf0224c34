"""Pictures of answers: SVG that a notebook shows and that can be saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.app.runs import put
from toolkit.core.errors import SpecError
from toolkit.records.run import Run
from toolkit.records.subjects import Subject

if TYPE_CHECKING:
    from toolkit.report.document import Chart
    from toolkit.report.findings import Findings


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture as standalone SVG text."""

    svg: str

    def _repr_html_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write it as .svg or .png, by the ending of the name; `SpecError` for another one."""
        target = Path(path)
        if target.suffix == ".svg":
            return put(target, self.svg.encode())
        if target.suffix == ".png":
            import vl_convert  # noqa: PLC0415  # large, and only bitmaps need it

            return put(target, vl_convert.svg_to_png(self.svg, scale=2.0))
        raise SpecError(f"{target}: a picture is .svg or .png.", hint="Name the file so.")


@dataclass(frozen=True, repr=False)
class RunPlots:
    """Pictures of a run."""

    record: Run

    def weights(self) -> Picture:
        """The weights of what is held, and of cash."""
        from toolkit.report.charts.bars import weights_svg  # noqa: PLC0415  # the drawing library is large
        from toolkit.report.i18n.formats import Formats  # noqa: PLC0415

        cash = ("Cash", self.record.cash.weight)
        held = [(row.name, row.weight) for row in self.record.positions if row.value]
        heading = f"{self.record.strategy.title}, weights on {self.record.as_of}"
        return Picture(weights_svg(heading, [*held, cash], Formats()))


@dataclass(frozen=True, repr=False)
class BacktestPlots:
    """Pictures of a backtest."""

    record: Subject

    def growth(self) -> Picture:
        """Wealth of the first strategy with its band of noise, beside the others, on a logarithmic axis."""
        from toolkit.report.topics.simulated import growth_chart  # noqa: PLC0415  # the drawing library is large

        return _of_chart(self.record, growth_chart)

    def falls(self) -> Picture:
        """How far below its highest so far the wealth was."""
        from toolkit.report.topics.simulated import falls_chart  # noqa: PLC0415

        return _of_chart(self.record, falls_chart)


def _of_chart(record: Subject, chart: Callable[[Findings], Chart]) -> Picture:
    """The widest drawing of a chart of a report."""
    from toolkit.report.charts.draw import drawn, standalone, titled  # noqa: PLC0415
    from toolkit.report.findings import Findings  # noqa: PLC0415

    made = chart(Findings.of(record))
    return Picture(f"{standalone(titled(drawn(made.drawings[-1]), made.told))}\n")
