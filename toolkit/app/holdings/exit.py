"""`toolkit exit`: what holdings would fetch, when, and what each lot lacks to be sold."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.app.holdings.exposure import ExposureRequest, expose
from toolkit.app.subjects import Subject, holdings_of
from toolkit.core.errors import DataError
from toolkit.records.base import with_phrases
from toolkit.records.exit import ExitAnswer


def exit_answer(request: ExposureRequest) -> tuple[ExitAnswer, Subject, Sequence[str]]:
    """What holdings would fetch, the subject whose document it is, and how the file was read.

    Raises:
        DataError: for a file without a lot of metal that is owned; others as `toolkit.app.holdings.exposure.expose`.
    """
    exposure = expose(request)
    subject = holdings_of(exposure, request, {"exit"})
    found = subject.parts.exit
    if found is None:
        name = getattr(request.holdings, "name", request.holdings)
        raise DataError("{file:s} has no lot of metal that is owned.", file=str(name))
    told = {name: getattr(exposure, name) for name in ("as_of", "currency", "bids", "warnings", "notes", "remarks")}
    answer = ExitAnswer.from_objects(found, schema_version=1, phrases={}, **told)
    return with_phrases(answer), subject, exposure.reading
