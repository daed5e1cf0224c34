"""Use cases of commands and of the portal, settings and stored runs."""
