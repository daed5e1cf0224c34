"""Typed results with a published JSON schema (`docs/schema/`): all that reports, commands and pages see of a result."""
