"""Client of a run or a report: name on the page and in the path, and the hash of the content in the path."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from toolkit.app.runs import to_json
from toolkit.core.errors import SpecError
from toolkit.core.text import one_line

LONGEST_CLIENT, LONGEST_PATH = 120, 40
"""Characters of a name on a page, and of it in a path: file systems allow 255 bytes for all that a name is made of."""


def client_name(given: str | None) -> str | None:
    """The name as a page shows it; None without one.

    Raises:
        SpecError: for a name without a letter or digit, or one that is too long.
    """
    if given is None:
        return None
    name = " ".join(one_line(str(given)).split())
    if not path_word(name):
        raise SpecError("--client {name!r:s} has no letter and no digit.", hint="Give the name of a client.", name=name)
    if len(name) > LONGEST_CLIENT:
        raise SpecError(
            "--client has {n} characters.", hint="Use at most {longest_name}.", n=len(name), longest_name=LONGEST_CLIENT
        )
    return name


def path_word(name: str) -> str:
    """A name as part of the name of a file: letters and digits in lower case, hyphens between; empty where it has neither.

    No dot, slash or sign of any file system is left, and a date or a hash stands beside it, so that no reserved name
    (``CON``, ``..``) can come about.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:LONGEST_PATH].rstrip("-")


def content_hash(record: Mapping[str, Any]) -> str:
    """Ten hexadecimal digits of what a subject holds: another content has another path."""
    return hashlib.sha256(to_json(record).encode()).hexdigest()[:10]
