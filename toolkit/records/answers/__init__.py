"""Answers of commands: what `--json` prints, one record a command."""
