"""Stored JSON as records, with every fault named by its key."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from toolkit.core.decode import faults_of
from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.records.base import Record
from toolkit.records.conflict import Conflict
from toolkit.records.run import Run
from toolkit.records.subjects import BACKTEST, CONFLICT, BacktestSubject

RecordT = TypeVar("RecordT", bound=Record)
MOST_FAULTS = 3
"""Faults that a message names."""


def read_run(data: Mapping[str, Any], file: str, hint: str) -> Run | Conflict | BacktestSubject:
    """A run object, that of a run without an answer, or that of a backtest.

    Args:
        data: The object of the file.
        file: For the message.
        hint: Its remedy.

    Raises:
        SpecError: that names the first keys that are missing or of another type, an asset's own and a factor's own included.
    """
    if data.get("kind") == CONFLICT:
        return read(Conflict, data, file, hint)
    if data.get("kind") == BACKTEST:
        return read(BacktestSubject, data, file, hint)
    run = read(Run, data, file, hint)
    _refuse([{"key": key, "message": message("is required"), "hint": ""} for key in run.missing_rows()], file, hint)
    return run


def read(model: type[RecordT], data: Mapping[str, Any], file: str, hint: str) -> RecordT:
    """A record from its JSON.

    Args:
        model: Its class.
        data: The object of the file.
        file: For the message.
        hint: Its remedy.

    Raises:
        SpecError: that names the first keys that are missing or of another type.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        _refuse(faults_of(error, model, ""), file, hint)
        raise


def _refuse(faults: list[dict[str, str]], file: str, hint: str) -> None:
    if faults:
        told = [message("{key:s} {fault}", key=fault["key"], fault=fault["message"]) for fault in faults[:MOST_FAULTS]]
        if more := len(faults) - len(told):
            told.append(message("and {n} more", n=more))
        raise SpecError("{file:s}: {told:; }.", hint=hint, details={"faults": faults}, file=file, told=told)
