"""Tests beside peers run where these are installed (`make test-peers`); elsewhere they are not collected, and so not skipped."""

from importlib.util import find_spec

collect_ignore = [f"test_{peer}.py" for peer in ("skfolio", "bt") if not find_spec(peer)]
