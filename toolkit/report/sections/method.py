"""Method: what the strategy intends, how it was solved, and what identifies the run."""

from __future__ import annotations

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.document import Block, Column, Paragraph, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.text import Inline, name, strong, text


@section("method", mark("Method and run"), needs=["positions"])
def method(run: Findings) -> tuple[Block, ...]:
    """The idea and its source, then the identity of the run."""
    record, about = run.record, run.record["about"]
    words: list[Inline] = [
        strong("Idea. "),
        name(" ".join(about["idea"].split())),
        " ",
        strong("Source. "),
        name(_sentence(about["source"])),
    ]
    if about["refuted_by"]:
        words += [" ", strong("Refuted when: "), name(" ".join(about["refuted_by"].split()))]
    solver, kkt = record["solver"], record["solver"]["kkt"]
    certificate = "none: the weights are named, not optimized"
    if kkt:
        certificate = f"primal residual {kkt['primal']:.1e}, dual {kkt['dual']:.1e}, gap {kkt['gap']:.1e}"
    attempts = "; ".join(f"{a['solver']}: {a['status']}, {a['outcome']}" for a in solver["attempts"]) or "none"
    rows = (
        ("Run", record["run_id"]),
        ("Strategy", f"{record['strategy']['name']}, fingerprint {record['strategy']['fingerprint']}"),
        ("Objective", f"{formats.readable(record['objective']['kind'])}, value {record['objective']['value']:.6g}"),
        ("Solver", f"{solver['name']}, {formats.readable(solver['status'])}; attempts: {attempts}"),
        ("Certificate", certificate),
        ("Periods a year", formats.quantity(record["periods_per_year"])),
        ("Versions", ", ".join(f"{key} {value}" for key, value in record["versions"].items())),
        ("Data", ", ".join(f"{row['table']} {row['sha256'][:8]}" for row in record["data"])),
    )
    table = Table(
        "Identity of the run",
        (Column("Item", "left"), Column("Value", "left")),
        tuple(Row((text(key), text(name(value)))) for key, value in rows),
    )
    return (Paragraph(text(*words)), table)


def _sentence(words: str) -> str:
    return f"{' '.join(words.split()).rstrip('.')}."
