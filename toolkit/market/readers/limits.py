"""Largest file and table that is read; what is larger is refused before it is unpacked or laid out in memory."""

from __future__ import annotations

from toolkit.core.errors import DataError
from toolkit.core.messages import message

MAX_BYTES = 128 * 2**20
"""Largest file that is read: some 1.2 million long rows, or 3,000 daily series over ten years."""
MAX_UNPACKED = 128 * 2**20
"""Most bytes of XML in a workbook."""
MAX_CELLS = 3_000_000
"""Most cells of a table that are objects of Python while they are read, a hundred bytes each: at 3 million the reading of
text and the frames made of it stay below a gigabyte."""
MAX_PLAIN_CELLS = 10_000_000
"""Most cells of a CSV that is read by column, sixteen bytes each, and of the rows of prices made of it, a hundred bytes each:
7.5 million took 1.05 gigabytes."""
MAX_COLUMNS = 5_000
"""Most columns of a table, and most assets of a price file: a covariance of 5,000 has 200 MB."""


def check_size(
    name: str, *, rows: int = 0, columns: int = 0, cells: int = 0, size: int = 0, most_cells: int = MAX_CELLS
) -> None:
    """Check that a table is within the limits of what is read.

    Args:
        name: Name of the file, for the message.
        rows: Number of rows.
        columns: Number of columns.
        cells: Number of cells.
        size: Bytes, before or after decompression.
        most_cells: Limit of cells and rows.
    """
    beyond = (
        (size, MAX_BYTES, message("bytes")),
        (max(cells, rows), most_cells, message("cells")),
        (columns, MAX_COLUMNS, message("columns")),
    )
    for found, limit, what in beyond:
        if found > limit:
            raise DataError(
                "{name:s} holds {found:,} {what}; at most {limit:,} are read.",
                hint="Split the file, or leave out series and years that are not needed.",
                details={"file": name, "found": found, "limit": limit, "what": str(what)},
                name=name,
                found=found,
                what=what,
                limit=limit,
            )
