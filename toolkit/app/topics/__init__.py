"""Parts of a report beside its subject: flows, history, supply, prices, ..., one module a part.

A part is a function from what is asked to a record, or to None where the data known on that day have nothing of it. `findings`
collects them from the modules of this package; a run stores them as `findings.json`, so that a report is rendered again without
the market.
"""

from toolkit.app.topics.part import Ask, findings, part

__all__ = ["Ask", "findings", "part"]
