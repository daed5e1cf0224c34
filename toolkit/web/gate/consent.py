"""Texts that visitors agree to, by the hash of what was shown."""

from __future__ import annotations

import hashlib

from toolkit.report.i18n.language import Language
from toolkit.web.models import Consent, ConsentText, Registration

PARTICIPATION, MARKETING = "participation", "marketing"


def texts(say: Language, organiser: str, *, replay: bool = False) -> dict[str, str]:
    """Purpose -> text: taking part needs no consent beyond the registration, news afterwards does.

    Args:
        say: The language.
        organiser: Who stores it.
        replay: Whether the webinar is over, and the replay is all that there is.
    """
    kept = (
        say.words(
            "{organiser} stores what you enter here to show you the replay of the webinar. "
            "All of it is deleted 90 days after the webinar.",
            organiser=organiser,
        )
        if replay
        else say.words(
            "{organiser} stores what you enter here, and what you do in the room of the webinar, to run it: "
            "to confirm the registration, to let you in and to prepare. All of it is deleted 90 days after the webinar.",
            organiser=organiser,
        )
    )
    return {
        PARTICIPATION: kept,
        MARKETING: say.words(
            "{organiser} may also write to me about later webinars. I can end this at any time.", organiser=organiser
        ),
    }


def fingerprint(say: Language, organiser: str) -> str:
    """SHA-256 of the texts of today, which a form on another site says that it showed."""
    return sha256("\n".join(texts(say, organiser).values()))


def stored(shown: dict[str, str], language: str) -> list[ConsentText]:
    """The rows of texts, which are stored when they are shown for the first time.

    Args:
        shown: Purpose -> text.
        language: Of the texts.
    """
    rows = [ConsentText(sha256=sha256(text), purpose=purpose, language=language, text=text) for purpose, text in shown.items()]
    ConsentText.objects.bulk_create(rows, ignore_conflicts=True)
    return rows


def sha256(text: str) -> str:
    """What a text is stored under."""
    return hashlib.sha256(text.encode()).hexdigest()


def record(registration: Registration, texts: list[ConsentText], *, marketing: bool, shown_at: str) -> None:
    """Store what was shown, and what was agreed to.

    Args:
        registration: Whose.
        texts: In the language of the form.
        marketing: Whether the box for news was ticked.
        shown_at: Path of the form, or origin of the site that it stood on.
    """
    Consent.objects.bulk_create(
        Consent(registration=registration, text=text, given=text.purpose == PARTICIPATION or marketing, shown_at=shown_at)
        for text in texts
    )
