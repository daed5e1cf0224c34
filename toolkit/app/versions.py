"""Versions that decide the digits of a run: the toolkit, Python, libraries, and kernels of linear algebra."""

from __future__ import annotations

import platform
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_info

from toolkit import __version__

LIBRARIES = ("clarabel", "cvxpy", "highspy", "numpy", "piqp", "polars", "scipy")
"""Libraries that estimate, solve or make lots whole."""


def versions() -> dict[str, str]:
    """Name -> version of everything that may change a digit of a run; part of its id."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {"toolkit": __version__, "python": platform.python_version(), **libraries, "kernel": kernel()}


def kernel() -> str:
    """The processor as the linear algebra sees it, for instance ``x86_64 SkylakeX AVX512_SPR``.

    OpenBLAS and numpy choose their code by the type of processor (``OPENBLAS_CORETYPE`` overrides), and sums in another
    order differ in the last bits: solver residuals and gaps of lots do not repeat from one type to another, to any digit.
    """
    found = np.show_config(mode="dicts").get("SIMD Extensions", {})  # type: ignore[union-attr]  # numpy's stub has None
    simd = [*found.get("baseline", ()), *found.get("found", ())][-1:]
    # That of numpy, whatever others have been loaded with a solver; there is none where it uses another library, as on macOS.
    blas = [library for library in threadpool_info() if library["internal_api"] == "openblas"]
    cores = [library["architecture"] for library in sorted(blas, key=lambda one: "numpy" not in one["filepath"])][:1]
    return " ".join((platform.machine(), *cores, *simd))
