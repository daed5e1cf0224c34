"""Shares under control on past days, by hand."""

from datetime import date

from toolkit.controls.periods import FormStanding
from toolkit.holdings.exposure_history import Part, changes, exposure_on

START, BAN, PAUSE, STOP = date(2024, 1, 1), date(2024, 6, 1), date(2024, 9, 1), date(2025, 1, 1)


def standing(since: date, *measures: tuple[str, str, str], controlled: bool = False, practice: bool = False) -> FormStanding:
    return FormStanding(since, measures, controlled, practice)


BANNED = (
    standing(START),
    standing(BAN, ("E1", "No. 1", "in_force"), controlled=True),
    standing(PAUSE, ("E1", "No. 1", "suspended")),
    standing(STOP, ("E1", "No. 1", "in_force"), controlled=True),
)
STOPPED = (standing(START), standing(BAN, ("E2", "press", "reported"), practice=True), standing(PAUSE))
HELD = (
    Part("gallium", 0.5, outside=True, history=BANNED),
    Part("gallium", 0.2, outside=False, history=BANNED),
    Part("tin", 0.1, outside=False, history=STOPPED),
    Part("tin", 0.2, outside=True, history=STOPPED),
)


def shares(day: date) -> tuple[float, float, float]:
    found = exposure_on(HELD, day)
    return round(found.stoppable, 9), round(found.outside, 9), round(found.suspended, 9)


def test_what_is_outside_is_never_stopped_and_what_is_suspended_stops_nothing():
    assert shares(date(2023, 1, 1)) == (0.0, 0.0, 0.0)
    assert shares(START) == (0.0, 0.0, 0.0)
    assert shares(BAN) == (0.3, 0.5, 0.0)  # a stop in practice stops what is at its origin, and is no law elsewhere
    assert shares(PAUSE) == (0.0, 0.0, 0.7)
    assert shares(STOP) == (0.2, 0.5, 0.0)


def test_each_change_is_told_once_with_its_metals():
    found = [(one.day, one.number, one.before, one.status, one.assets) for one in changes(HELD)]
    assert found == [
        (BAN, "No. 1", None, "in_force", ("gallium",)),
        (BAN, "press", None, "reported", ("tin",)),
        (PAUSE, "No. 1", "in_force", "suspended", ("gallium",)),
        (PAUSE, "press", "reported", "ended", ("tin",)),
        (STOP, "No. 1", "suspended", "in_force", ("gallium",)),
    ]


def test_practice_beyond_the_border_is_no_change():
    assert changes([Part("tin", 1.0, outside=True, history=STOPPED)]) == ()
