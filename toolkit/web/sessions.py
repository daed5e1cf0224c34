"""Sessions of Django, stored under the SHA-256 of their key: who reads the database can enter nowhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

if TYPE_CHECKING:
    from toolkit.web.models import Session


def digest(key: str | None) -> str:
    """What a session is stored under."""
    return hashlib.sha256((key or "").encode()).hexdigest()


class SessionStore(DatabaseStore):
    """The store: each look-up by key is overridden. Views run in threads, so the asynchronous ones are never asked."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table, with the registration that a session is of."""
        from toolkit.web.models import Session  # noqa: PLC0415  # the engine is imported before the models are ready

        return Session

    def _get_session_from_db(self) -> Any:
        found = cast("type[Session]", self.model).unexpired().filter(session_key=digest(self.session_key)).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        """Whether a key is taken."""
        return super().exists(digest(session_key))

    def create_model_instance(self, data: Any) -> Any:
        """The row of this session."""
        row = cast("Session", super().create_model_instance(data))
        row.session_key, row.registration_id = digest(row.session_key), data.get("registration")
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Remove a session."""
        key = self.session_key if session_key is None else session_key
        if key is not None:
            self.model.objects.filter(session_key=digest(key)).delete()
