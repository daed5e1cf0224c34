"""The app of Django."""

from django.apps import AppConfig


class Web(AppConfig):
    """The portal, with the label of its tables."""

    name = "toolkit.web"
    label = "web"
