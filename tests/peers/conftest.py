"""Tests beside peers run where these are installed (`make test-peers`); elsewhere they are not collected, and so not skipped."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("skfolio") else ["test_skfolio.py"]
