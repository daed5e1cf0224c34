"""Texts that visitors agree to, by the hash of what was shown."""

from __future__ import annotations

import hashlib

from toolkit.report.i18n.language import Language
from toolkit.web.models import Consent, ConsentText, Registration

PARTICIPATION, MARKETING = "participation", "marketing"


def texts(say: Language, organiser: str) -> dict[str, str]:
    """Purpose -> text: taking part needs no consent beyond the registration, news afterwards does."""
    return {
        PARTICIPATION: say.words(
            "{organiser} uses your name and address to run this webinar: to confirm the registration and to let you in. "
            "They are deleted 90 days after it.",
            organiser=organiser,
        ),
        MARKETING: say.words(
            "{organiser} may also write to me about later webinars. I can end this at any time.", organiser=organiser
        ),
    }


def record(registration: Registration, shown: dict[str, str], *, marketing: bool, shown_at: str) -> None:
    """Store what was shown, and what was agreed to.

    Args:
        registration: Whose.
        shown: Purpose -> text in the registration's language.
        marketing: Whether the box for news was ticked.
        shown_at: Path of the form.
    """
    for purpose, text in shown.items():
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        kept, _ = ConsentText.objects.get_or_create(
            sha256=sha256, defaults={"purpose": purpose, "language": registration.language, "text": text}
        )
        Consent.objects.create(
            registration=registration, text=kept, given=purpose == PARTICIPATION or marketing, shown_at=shown_at
        )
