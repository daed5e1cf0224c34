"""The footer of a Parquet file: its size in memory, known before it is read.

The footer is a struct in Thrift's compact protocol, its length and ``PAR1`` at the end of the file (Apache Parquet format,
``FileMetaData``; Thrift compact protocol specification).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

_MAGIC = b"PAR1"
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _, _STRUCT = range(1, 13)
_DEEPEST = 32  # structs within structs; a real footer has fewer than ten


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
        if len(content) < 12 or not content.endswith(_MAGIC):
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
