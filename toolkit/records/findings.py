"""What is found beside a subject: `findings.json`, stored with a run so that a report is rendered again without the market."""

from toolkit.records.base import Record
from toolkit.records.changes import Changes
from toolkit.records.exit import Exit
from toolkit.records.flows import CustomsFlows
from toolkit.records.history import History
from toolkit.records.performance import Performance
from toolkit.records.prices import Prices, Quality, StoredChecks
from toolkit.records.resale import Resale
from toolkit.records.supply import Supply
from toolkit.records.whatif import WhatIf

Part = Changes | CustomsFlows | Exit | History | Performance | Prices | Quality | Resale | StoredChecks | Supply | WhatIf


class Parts(Record, schema="findings"):
    """Each part by name; one that the data of the day have nothing of is missing."""

    changes: Changes | None = None
    """What a reader of last month's report does not know yet."""
    exit: Exit | None = None
    """What a sale brings."""
    flows: CustomsFlows | None = None
    """Trade flows."""
    history: History | None = None
    """How prices reacted to earlier notices."""
    performance: Performance | None = None
    """What holdings earned by their movements."""
    prices: Prices | None = None
    """Price paths."""
    quality: Quality | None = None
    """How far each price series can be trusted."""
    resale: Resale | None = None
    """To whom each kind of lot may be passed on."""
    stored: StoredChecks | None = None
    """What the checks find in fetched and imported series."""
    supply: Supply | None = None
    """Concentration and criticality."""
    whatif: WhatIf | None = None
    """What a stop of exports would mean."""

    @property
    def found(self) -> tuple[Part, ...]:
        """Those that are there, in the order of their names."""
        parts = (getattr(self, name) for name in type(self).model_fields)
        return tuple(part for part in parts if part is not None)
