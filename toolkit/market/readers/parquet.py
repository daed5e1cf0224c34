"""Parquet of others: its size in memory, known before it is read, and its rows, read by a process of their own.

The footer is a struct in Thrift's compact protocol, its length and ``PAR1`` at the end of the file (Apache Parquet format,
``FileMetaData``; Thrift compact protocol specification).
"""

from __future__ import annotations

import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.core.errors import DataError
from toolkit.core.messages import Message, message
from toolkit.market.readers.child import ReadingEnded, run
from toolkit.market.readers.contents import check_size

PARQUET = b"PAR1"
"""How a Parquet file begins and ends."""
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _, _STRUCT = range(1, 13)
_DEEPEST = 32  # structs within structs; a real footer has fewer than ten
_PROGRAM = """
import polars as pl
pl.scan_parquet(sys.argv[1], glob="://" in sys.argv[1]).sink_ipc(sys.argv[2], compression="lz4")
"""


def read_parquet(name: str, content: bytes) -> pl.DataFrame:
    """The rows of a Parquet file within the limits of what is read.

    Args:
        name: File name as shown.
        content: Its bytes.

    Raises:
        DataError: for a file that is damaged or too large.
    """
    footer = Footer.of(content)
    if footer is None:
        raise _damaged(name, message("its footer cannot be read"))
    check_size(name, rows=footer.rows, columns=footer.columns, cells=footer.rows * footer.columns, size=footer.size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given.parquet"
        path.write_bytes(content)
        return _rows(name, path, Path(folder))


def read_own_parquet(path: Path) -> pl.DataFrame:
    """The rows of a Parquet file of a data package, of any size.

    Raises:
        DataError: for a file that is damaged.
        OSError: for one that is missing or cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _rows(path.name, path, Path(folder))


def read_remote_parquet(address: str) -> pl.DataFrame:
    """The rows of the files at an address of object storage, with the settings and keys of the environment.

    Raises:
        ReadingEnded: with what polars says.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "rows.arrow"
        run(_PROGRAM, address, str(target))
        return pl.read_ipc(target)


def _rows(name: str, path: Path, folder: Path) -> pl.DataFrame:
    return pl.read_ipc(as_ipc(name, path, folder / "rows.arrow"))


def as_ipc(name: str, path: Path, target: Path) -> Path:
    """A Parquet file written anew as an Arrow file, which holds no page of the one that was given.

    Args:
        name: File name as shown.
        path: The Parquet file.
        target: Where the Arrow file is written; returned.

    Raises:
        DataError: for a file that is damaged.
        OSError: for one that is missing or cannot be read.
    """
    path.open("rb").close()
    try:
        run(_PROGRAM, str(path), str(target))
    except ReadingEnded as ended:
        raise _damaged(name, ended.reason) from None
    return target


def _damaged(name: str, reason: str | Message) -> DataError:
    hint = message("Write or copy the file again.")
    return DataError("{file:s} is not a whole Parquet file: {reason}.", hint=hint, file=name, reason=reason)


@dataclass(frozen=True, slots=True)
class Footer:
    """Size of a Parquet file, from its footer.

    Attributes:
        rows: Number of rows.
        columns: Number of leaf columns.
        size: Bytes of all row groups before compression.
    """

    rows: int
    columns: int
    size: int

    @classmethod
    def of(cls, content: bytes) -> Footer | None:
        """The footer of a file; None where there is none that can be read."""
        if len(content) < 12 or not content.endswith(PARQUET):
            return None
        (length,) = struct.unpack("<I", content[-8:-4])
        if length + 12 > len(content):
            return None
        try:
            found = _Reader(content[-8 - length : -8]).struct(0)
            schema, groups = found[2], found.get(4, [])
            leaves = sum(1 for element in schema if not element.get(5))
            rows = max(found[3], sum(group[3] for group in groups))
            return cls(rows, leaves, sum(max(group[2], 0) for group in groups))
        except (IndexError, KeyError, TypeError, AttributeError, ValueError, struct.error):
            return None


class _Reader:
    """Values of the compact protocol, one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def _byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _double(self) -> None:
        self._at += 8

    def _binary(self) -> bytes:
        length = self._varint()
        if self._at + length > len(self._content):
            raise IndexError(length)
        self._at += length
        return self._content[self._at - length : self._at]

    def struct(self, depth: int) -> dict[int, Any]:
        """Field number -> value."""
        if depth > _DEEPEST:
            raise ValueError("too deep")
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._integer()
            kind = head & 0x0F
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        simple = {
            **dict.fromkeys((_TRUE, _FALSE, _BYTE), self._byte),
            **dict.fromkeys((_I16, _I32, _I64), self._integer),
            _DOUBLE: self._double,
            _BINARY: self._binary,
        }
        if kind in simple:
            return simple[kind]()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind not in (_LIST, _SET) or depth > _DEEPEST:
            raise ValueError(f"no type {kind}")  # a footer has no maps
        head = self._byte()
        size = self._varint() if head >> 4 == 0x0F else head >> 4
        if size > len(self._content):
            raise IndexError(size)
        return [self._value(head & 0x0F, depth + 1) for _ in range(size)]
