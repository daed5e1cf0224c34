"""Bitmaps in fewer bytes, the same pixel by pixel: the drawing engine packs for speed, a mail is sent to many."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def packed(png: bytes) -> bytes:
    """A PNG with its pixels compressed as far as they go, and nothing beside them.

    Args:
        png: A whole file.

    Raises:
        ValueError: for bytes that are no PNG.
    """
    if not png.startswith(SIGNATURE):
        raise ValueError("the bytes are no PNG")
    header, pixels, position = b"", b"", len(SIGNATURE)
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        kind, content = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        header = content if kind == b"IHDR" else header
        pixels += content if kind == b"IDAT" else b""
        position += length + 12
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(zlib.decompress(pixels), 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
