"""What the checks of quality find in the series of the store that a report uses."""

from toolkit.records.base import Record, Rows
from toolkit.records.fetch import QualityFinding
from toolkit.records.sources import Provenance


class StoredChecks(Record):
    """Checks of fetched and imported series."""

    series: int
    """Number of series of the store that were checked."""
    findings: Rows[QualityFinding]
    """Errors first; what is noted only is left out."""
    data: Rows[Provenance] = ()
    """None: the rows are those of the subject."""
