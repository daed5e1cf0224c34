"""The app of Django."""

from django.apps import AppConfig


class Web(AppConfig):
    """The portal, with the label of its tables."""

    name = "toolkit.web"
    label = "web"

    def ready(self) -> None:
        """Record logins."""
        from toolkit.web.operations import audit  # noqa: PLC0415  # models are ready now

        audit.connect()
