"""Quadratic programs handed to PIQP as they are, without a modelling layer between: at 30 assets that layer is nine tenths.

Large ones are sifted: an optimum holds few of thousands of assets, so a small program is solved, every asset left out is
priced by its reduced cost, those that would improve the answer join, and so on until none would. The answer is then optimal
among all assets (column generation: Dantzig and Wolfe 1960; for programs with many more columns than rows, Bixby, Gregory,
Lustig, Marsten and Shanno 1992), and its certificate is computed over all of them like any other.

Rates that are paid on trades bend the objective where nothing is traded. A weight that can move to both sides of what is held
is that plus a purchase less a sale, both positive; any other has one rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.optimize.costs import TRADED
from toolkit.optimize.functions import TradeCost
from toolkit.optimize.problem import LinearConstraints, WeightBounds
from toolkit.optimize.quadratic import Quadratic

SOLVED, INFEASIBLE, UNBOUNDED = "optimal", "infeasible", "unbounded"
WORDS = {"PIQP_PRIMAL_INFEASIBLE": INFEASIBLE, "PIQP_DUAL_INFEASIBLE": UNBOUNDED}
"""PIQP's statuses that prove something."""
SIFTED = 192
"""Number of weights above which a program is sifted."""
FIRST_WEIGHTS, JOIN = 96, 48
"""Weights in the first program, and how many may join at a time: of a program of which `MOSTLY` all are used, as many again."""
MOSTLY = 0.9
PRICE = 1e-9
"""Reduced cost, over the largest gradient entry, below which a weight that is left out would not improve the answer."""
DENSE, ASSETS_OF_FACTOR = 600, 8
"""A program of more weights than this, each factor among `ASSETS_OF_FACTOR` of them or more, has the factors as variables."""
DUST = 1e-8
"""Multiplier, over the largest, below which that of a bound that does not hold is rounding."""
FIXED = 1e-9
"""Distance of two bounds of a weight between which it does not move."""
EXACT = {"eps_duality_gap_abs": 1e-11, "eps_duality_gap_rel": 1e-11}
"""Settings where trades cost: by the default of 1e-8 a weight that is kept may end half a millionth off what is held."""
AT_LIMIT = 1e-6
"""Distance of a weight from a limit at which a solver leaves it there."""
CONTRADICTION = 1e-7
"""By how much a lower bound must exceed the upper one to prove that nothing holds both; less is rounding."""


@dataclass(frozen=True, slots=True)
class Split:
    """p weights x = start + z[:p] - E z[p:], where E places what is sold of the q assets that can be bought and sold.

    Attributes:
        start: (p,) what is held of these; zeros elsewhere.
        sold: (q,) positions of these.
        rate: (p,) of a unit of z[:p]; zeros where trades cost nothing.
        sale: (q,) of a unit sold.
    """

    start: FloatArray
    sold: NDArray[np.intp]
    rate: FloatArray
    sale: FloatArray

    @classmethod
    def none(cls, p: int) -> Split:
        """X = z."""
        return cls(np.zeros(p), np.zeros(0, dtype=np.intp), np.zeros(p), np.zeros(0))

    def columns(self, rows: FloatArray) -> FloatArray:
        """Rows (m, p) over x as rows (m, p + q) over z."""
        return np.concatenate([rows, -rows[:, self.sold]], axis=1)

    def weights(self, z: FloatArray) -> FloatArray:
        """(p,) x."""
        x = self.start + z[: len(self.start)]
        x[self.sold] -= z[len(x) : len(x) + len(self.sold)]
        return x


@dataclass(frozen=True, slots=True)
class Program:
    """min (f(x) + trades(x)) / scale subject to e'x = 1 and `G x <= h`, over weights of which the last is cash.

    Attributes:
        quadratic: f.
        scale: By which f is divided.
        limits: Every row of the user, m of them.
        e: (n + 1,).
        bounds: What single weights are limited to.
        fixed: (n + 1,) whether a weight has nowhere to move.
        trades: What is paid on trades, in the unit of f; None for nothing.
    """

    quadratic: Quadratic
    scale: float
    limits: LinearConstraints
    e: FloatArray
    bounds: WeightBounds
    fixed: NDArray[np.bool_]
    trades: TradeCost | None

    @classmethod
    def of(
        cls, quadratic: Quadratic, limits: LinearConstraints, e: FloatArray, scale: float, trades: TradeCost | None
    ) -> Program:
        """The program over weights with these limits.

        Args:
            quadratic: f.
            limits: The m rows.
            e: (n + 1,).
            scale: By which f is divided.
            trades: What is paid on trades.
        """
        bounds = limits.bounds
        return cls(quadratic, scale, limits, e, bounds, bounds.high - bounds.low <= FIXED, trades)

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,) of f over the scale."""
        found = np.zeros(len(x))
        found[:-1] = self.quadratic.gradient(x[:-1]) / self.scale
        return found

    def roots(self, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """(k, p) R and (p,) s of the weights at some ascending positions; cash, the last of all, has no risk."""
        R, s = np.zeros((len(self.quadratic.R), len(at))), np.zeros(len(at))
        assets = at[:-1] if len(at) and at[-1] == len(self.quadratic.s) else at
        R[:, : len(assets)], s[: len(assets)] = self.quadratic.R[:, assets], self.quadratic.s[assets]
        return R, s

    def split(self, at: NDArray[np.intp]) -> Split:
        """How the weights at some positions, (p,), are written by what is bought and sold."""
        if self.trades is None:
            return Split.none(len(at))
        terms = np.zeros((3, len(self.e)))
        terms[:, :-1] = self.trades.buying, self.trades.selling, self.trades.previous
        buying, selling, held = terms[:, at]
        low, high = self.bounds.low[at], self.bounds.high[at]
        both = (held > low) & (held < high) & (buying + selling > 0)
        rate = np.where(both | (held <= low), buying, -selling) / self.scale
        return Split(np.where(both, held, 0.0), np.flatnonzero(both), rate, selling[both] / self.scale)


@dataclass(frozen=True, slots=True)
class DirectSolution:
    """A status, and for ``optimal`` the point with its multipliers, for f over the scale.

    Attributes:
        x: (n + 1,).
        limits: (m,) multipliers of `G x <= h`.
        nonnegative: (n + 1,) of `x >= 0`.
        equality: Of e'x = 1.
    """

    status: str
    x: FloatArray
    limits: FloatArray
    nonnegative: FloatArray
    equality: float

    @classmethod
    def none(cls, status: str) -> DirectSolution:
        """No point."""
        return cls(status, np.zeros(0), np.zeros(0), np.zeros(0), 0.0)


@dataclass(frozen=True, slots=True)
class Block:
    """min |R x|^2 / scale + |s * x|^2 / scale + c'x  subject to  e'x = right, G x <= h, low <= x <= high, over p weights.

    `split` adds what is paid on trades.
    """

    R: FloatArray
    s: FloatArray
    c: FloatArray
    scale: float
    e: FloatArray
    right: float
    G: FloatArray
    h: FloatArray
    low: FloatArray
    high: FloatArray
    split: Split


def solve_direct(
    quadratic: Quadratic,
    limits: LinearConstraints,
    e: FloatArray,
    scale: float,
    options: Mapping[str, float],
    trades: TradeCost | None = None,
) -> DirectSolution:
    """The least of (f(x) + trades(x)) / scale subject to e'x = 1, `x >= lowest` and `G x <= h`.

    Args:
        quadratic: f over n assets.
        limits: The m rows over the assets and cash.
        e: (n + 1,).
        scale: A positive number of the size of f.
        options: Settings of PIQP.
        trades: What is paid on trades, at rates; None for nothing.
    """
    program = Program.of(quadratic, limits, e, scale, trades)
    if np.any(program.bounds.low > program.bounds.high + CONTRADICTION):
        return DirectSolution.none(INFEASIBLE)
    free = ~program.fixed
    return _part(program, free, options) if free.sum() <= SIFTED else _sifted(program, free, options)


def solve_near(
    program: Program, near: FloatArray, multipliers: FloatArray, signs: FloatArray, held: FloatArray
) -> DirectSolution:
    """The optimum if the weights at a limit, and those kept as they are held, are those of an optimum where others were held.

    All other weights solve linear equations: a step of the active-set method (Nocedal and Wright 2006, section 16.5). The
    certificate of the answer says whether it is one.

    Args:
        program: With trades.
        near: (n + 1,) the other optimum.
        multipliers: (m,) of its rows.
        signs: (n + 1,) of `x >= 0` there.
        held: (n,) held there.
    """
    bounds, limits, trades, traded = program.bounds, program.limits, program.trades, near[:-1] - held
    # A solver leaves a little of every multiplier and of every distance; a row of -1 is none.
    active = np.zeros(len(limits.h) + 1, dtype=bool)
    active[:-1] = (multipliers > 0) & (limits.h - limits.rows.matvec(near) < AT_LIMIT)
    low, high = program.fixed | active[bounds.low_row] | ((signs > 0) & (near < AT_LIMIT)), active[bounds.high_row]
    x = np.where(low, bounds.low, np.where(high, bounds.high, 0.0))
    if trades is not None:
        kept = (np.abs(traded) <= TRADED) & (trades.buying + trades.selling > 0) & ~(low | high)[:-1]
        x[:-1][kept] = trades.previous[kept]
        low[:-1] |= kept
    slope = program.gradient(x)
    if trades is not None:
        slope[:-1] += np.where(traded > 0, trades.buying, -trades.selling) / program.scale
    at, among = np.flatnonzero(~(low | high)), active[bounds.others]
    rows, G = bounds.others[among], bounds.matrix[among]
    p, E = len(at), np.concatenate([program.e[None, at], G[:, at]])
    # The conditions of the optimum: stationarity, and below it the rows.
    conditions = np.zeros((p + len(E), p + len(E)))
    conditions[:p, :p], conditions[:p, p:], conditions[p:, :p] = _hessian(*program.roots(at), program.scale), E.T, E
    right = np.concatenate([-slope[at], [1.0 - program.e @ x], limits.h[rows] - G @ x])
    try:
        found = np.linalg.solve(conditions, right)
    except np.linalg.LinAlgError:
        return DirectSolution.none("singular")
    x[at], prices = found[:p], np.zeros(len(limits.h))
    prices[rows] = found[p + 1 :]
    return _priced(program, np.ones(len(x), dtype=bool), x, prices, float(found[p]))


def _hessian(R: FloatArray, s: FloatArray, scale: float) -> FloatArray:
    """(p, p) second derivatives of |R x|^2 / scale + |s * x|^2 / scale."""
    found = R.T @ R
    found.flat[:: len(s) + 1] += s**2
    found *= 2 / scale
    return found


def _sifted(program: Program, free: NDArray[np.bool_], options: Mapping[str, float]) -> DirectSolution:
    """The answer over all free weights from programs of few of them."""
    order = np.argsort(np.where(free, _first_prices(program), np.inf), kind="stable")
    taken, start = program.bounds.low != 0, FIRST_WEIGHTS
    if program.trades is not None and program.trades.previous.any():
        taken |= np.append(program.trades.previous != 0, False)
        start = FIRST_WEIGHTS // 2  # what was an optimum is most of the next
    taken[order[:start]] = taken[-1] = True
    while True:
        taken &= free
        if 2 * taken.sum() > free.sum():
            return _part(program, free, options)
        answer = _part(program, taken, options)
        if answer.status != SOLVED:
            # The weights that were taken may not be able to hold the limits, which proves nothing of all.
            taken[order[: 2 * taken.sum()]] = True
            continue
        price = np.where(free & ~taken, answer.nonnegative, 0.0)
        worse = np.flatnonzero(price < -PRICE * float(np.max(np.abs(program.gradient(answer.x)))))
        if not len(worse):
            return answer
        used = np.flatnonzero(answer.x[taken] > AT_LIMIT)
        joins = JOIN if len(used) < MOSTLY * taken.sum() else max(JOIN, len(used))
        taken[worse[np.argsort(price[worse], kind="stable")][:joins]] = True


def _first_prices(program: Program) -> FloatArray:
    """(n + 1,) reduced costs at a mix by inverse variance: what promises to be in the optimum has the least."""
    variance = np.append(program.quadratic.variances, 0.0)
    mix = np.divide(np.maximum(program.e, 0.0), variance, out=np.zeros(len(variance)), where=variance > 0)
    if (size := float(program.e @ mix)) > 0:
        mix /= size
    gradient = program.gradient(mix)
    return gradient - float(gradient @ mix) * program.e


def _part(program: Program, free: NDArray[np.bool_], options: Mapping[str, float]) -> DirectSolution:
    """The answer with every weight but the free ones at its lower bound."""
    bounds = program.bounds
    x = np.where(free, 0.0, bounds.low)
    at, h = np.flatnonzero(free), program.limits.h[bounds.others] - bounds.matrix @ x
    G = bounds.matrix[:, at]
    message = G.any(axis=1)
    if (h[~message] < -CONTRADICTION).any():
        return DirectSolution.none(INFEASIBLE)
    c, e, right = program.gradient(x)[at], program.e[at], 1.0 - float(program.e @ x)
    low, high = bounds.low[at], bounds.high[at]
    block = Block(*program.roots(at), c, program.scale, e, right, G[message], h[message], low, high, program.split(at))
    result = _piqp(block, options)
    if isinstance(result, str):
        return DirectSolution.none(result)
    x[at] = block.split.weights(result.x).clip(block.low, block.high)
    limits, equality = np.zeros(len(program.limits.h)), float(result.y[0])
    limits[bounds.others[message]] = result.z_u
    return _priced(program, free, x, limits, equality)


def _priced(program: Program, free: NDArray[np.bool_], x: FloatArray, limits: FloatArray, equality: float) -> DirectSolution:
    """The answer at x: what is left of stationarity is what the bounds of a weight, or its sign, push with."""
    bounds = program.bounds
    push = program.gradient(x) + program.limits.rows.rmatvec(limits) + equality * program.e
    if program.trades is not None:
        least, most = program.trades.slopes(x)
        push[:-1] += (-push[:-1]).clip(least / program.scale, most / program.scale)
    size = np.abs(push)
    push[(size < DUST * float(size.max())) & (np.minimum(x - bounds.low, bounds.high - x) > size)] = 0.0
    # The price of a weight that is left out keeps its sign, for the sifting to see.
    rows = np.where(push > 0, bounds.low_row, bounds.high_row)
    held = (free | program.fixed) & (rows >= 0) & (push != 0)
    limits[rows[held]] = -push[held] / bounds.coefficients[rows[held]]
    push[held] = 0.0
    return DirectSolution(SOLVED, x, limits, push, equality)


def _piqp(block: Block, options: Mapping[str, float]) -> Any:
    """PIQP's result, or its status in words where there is none."""
    import piqp  # noqa: PLC0415 - what needs no solver need not wait for it

    p, k, rows, split = len(block.c), len(block.R), len(block.h), block.split
    # Bounds of z: an asset that is bought and sold has those of its purchase and of its sale.
    low, high = block.low - split.start, block.high - split.start
    sold = -low[split.sold]
    low[split.sold] = 0.0
    low, high = np.concatenate([low, np.zeros(len(sold))]), np.concatenate([high, sold])
    right, h = np.array([block.right - block.e @ split.start]), block.h - block.G @ split.start
    e, G = split.columns(block.e[None, :]), split.columns(block.G)
    solver: Any
    if p > DENSE and ASSETS_OF_FACTOR * k < p:
        solver, data = piqp.SparseSolver(), _sparse(block, e, right, G, h, low, high)
    else:
        P = _hessian(block.R, block.s, block.scale)
        c = block.c + P @ split.start
        P, c = split.columns(split.columns(P).T), np.concatenate([c + split.rate, split.sale - c[split.sold]])
        data = (P, c, np.asfortranarray(e), right, np.asfortranarray(G), np.full(rows, -np.inf), h, low, high)
        solver = piqp.DenseSolver()
    for name, value in {**options, **(EXACT if len(split.sold) else {})}.items():
        setattr(solver.settings, name, value)
    solver.setup(*data)
    status = str(solver.solve().name)
    return solver.result if status == "PIQP_SOLVED" else WORDS.get(status, status.lower())


def _sparse(
    block: Block, e: FloatArray, right: FloatArray, G: FloatArray, h: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[Any, ...]:
    """The data with y = R x as variables, all but the block over z: the matrix is then as good as a diagonal."""
    from scipy import sparse  # noqa: PLC0415

    k, split = len(block.R), block.split
    own = 2 * block.s**2 / block.scale
    c = block.c + own * split.start
    c = np.concatenate([c + split.rate, split.sale - c[split.sold], np.zeros(k)])
    across = -sparse.csc_array(sparse.diags_array(own))[:, split.sold]
    P = sparse.block_diag(
        [
            sparse.block_array([[sparse.diags_array(own), across], [across.T, sparse.diags_array(own[split.sold])]]),
            sparse.diags_array(np.full(k, 2.0)),
        ],
        format="csc",
    )
    R = block.R / np.sqrt(block.scale)
    A = np.block([[e, np.zeros((1, k))], [split.columns(R), -np.eye(k)]])
    rows = sparse.csc_array(np.hstack([G, np.zeros((len(h), k))]))
    endless = np.full(k, np.inf)
    right = np.append(right, -R @ split.start)
    low, high = np.append(low, -endless), np.append(high, endless)
    return P, c, sparse.csc_array(A), right, rows, np.full(len(h), -np.inf), h, low, high
