"""A weighted mean of estimators, weighted by the likelihood of the months that followed each estimate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Literal

import numpy as np
from pydantic import Field

from toolkit.core.errors import DataError, GapError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import Message, message
from toolkit.returns.observed_returns import LOST
from toolkit.returns.panel import MINIMUM_CHANGES
from toolkit.risk_model.covariance.dynamic import DynamicCovariance
from toolkit.risk_model.covariance.ewma import EwmaConstantCorrelationCovariance
from toolkit.risk_model.covariance.factor import FactorCovariance, NamedFactors
from toolkit.risk_model.covariance.form import (
    MANY_ASSETS,
    CovarianceEstimator,
    CovarianceInputs,
    DenseCovariance,
    StructuredCovariance,
    learned_from,
)
from toolkit.risk_model.covariance.ledoit_wolf import LedoitWolfCovariance
from toolkit.risk_model.covariance.nonlinear import NonlinearShrinkageCovariance
from toolkit.risk_model.covariance.statistical import PcaCovariance, PoetCovariance
from toolkit.risk_model.evaluation import qlike

Other = Literal["dcc_nl", "ewma_constant_correlation", "ledoit_wolf", "nonlinear_shrinkage", "pca", "poet"]
OTHERS: Mapping[Other, CovarianceEstimator] = {
    "dcc_nl": DynamicCovariance(),
    "ewma_constant_correlation": EwmaConstantCorrelationCovariance(),
    "ledoit_wolf": LedoitWolfCovariance(),
    "nonlinear_shrinkage": NonlinearShrinkageCovariance(),
    "pca": PcaCovariance(),
    "poet": PoetCovariance(),
}
"""Estimators that can be blended with named factors: they leave no direction without risk."""
MONTHS_BETWEEN_PAST, STRIDE = 4, 3
"""Number of past months from which the weights are estimated, and the months between them: one in each of four quarters."""
ROUNDS = 100
"""Rounds of expectation maximisation, which converges in twenty."""
RIDGE = 1e-6
"""Added to each past correlation when it is scored."""
MOST_OF_FACTORS = 0.999
"""Largest share of the variance of any portfolio that named factors may explain."""


class BlendCovariance(NamedFactors):
    """The factor covariance blended with others, by their past quasi-likelihood.

    Each estimator is remade as of past months, and the weights are those of the mixture of their normal densities that
    made the days of the following month most likely (optimal prediction pool: Geweke and Amisano 2011, J. Econometrics
    164; by expectation maximisation), for `LEARNED` assets where there are more. The covariance is the weighted mean.
    Named factors and loadings are those of `factor`, in units of the blended volatilities; what they leave becomes
    `residual_i` components.

    Attributes:
        others: Kinds that are blended with `factor`, with their default keys; one that the history is too short for, or that
            could use less than half of its periods, is left out.
    """

    kind: Literal["blend"] = "blend"
    others: tuple[Other, ...] = Field(default=("dcc_nl",), min_length=1)

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """Weighted mean of the covariances; equal weights where the history has no month to learn from."""
        lead = FactorCovariance(**self.model_dump(exclude={"kind", "others"}))
        members: dict[str, CovarianceEstimator] = {"factor": lead}
        first = lead.dense(inputs)
        told = dict.fromkeys(first.notes)
        others: list[FloatArray] = []
        short: list[str] = []
        for kind in dict.fromkeys(self.others):
            try:
                other, of_other = _estimated(OTHERS[kind], inputs)
            except DataError:
                short.append(kind)
                continue
            if _mostly_lost(of_other):
                short.append(kind)
                continue
            others.append(other)
            told |= dict.fromkeys(of_other)
            members[kind] = OTHERS[kind]
            del other  # of thousands of assets each matrix takes a tenth of a gigabyte
        notes = [message("Left out of the blend, for want of common history: {kinds}.", kinds=short)] if short else []
        if not others:
            return replace(first, notes=(*first.notes, *notes)).components()
        scores = _past_scores([*members.values()], inputs, {*chain(*self.members.values())})
        weights = pool_weights(scores, inputs.periods_per_year / 12.0)
        parts = [message("{kind} {weight:.0f %}", kind=kind, weight=w) for kind, w in zip(members, weights, strict=True)]
        notes.append(
            message(
                "Blended covariances: {parts:and}, by the likelihood of {days} past periods.", parts=parts, days=len(scores)
            )
        )
        covariance = first.matrix
        first.correlation = np.empty((0, 0))
        covariance *= weights[0]
        for weight in weights[1:]:
            part = others.pop(0)
            part *= weight
            covariance += part
            del part
        named = _named(first, covariance)
        del first, covariance
        return replace(named.components(), notes=(*told, *notes))


def _mostly_lost(notes: Sequence[str]) -> bool:
    """Whether an estimate is of less than half of the periods, since an asset is missing in the others."""
    lost = (note.values for note in notes if isinstance(note, Message) and note.template == LOST.template)
    return any(of["lost"] > of["all"] / 2 for of in lost)


def _estimated(member: CovarianceEstimator, inputs: CovarianceInputs) -> tuple[FloatArray, tuple[str, ...]]:
    """The covariance (n, n) a year of a member, without components where the estimator needs none, and notes."""
    if isinstance(member, DynamicCovariance):
        return member.matrix(inputs)
    form = member.dense(inputs) if isinstance(member, FactorCovariance) else member.estimate(inputs)
    return form.matrix, form.notes


def _past_scores(members: Sequence[CovarianceEstimator], inputs: CovarianceInputs, factors: Collection[str] = ()) -> FloatArray:
    """Log likelihoods (days, k) of the days of past months, each by estimates that end before the month.

    Of more than `LEARNED` assets so many are estimated again and scored: a covariance of a part is a part of the covariance.
    """
    if (some := learned_from(inputs.variance)).size < len(inputs.assets):
        inputs = _narrowed(inputs.take(some), factors)
    own = inputs.own
    T, horizon = len(own.dates), max(1, round(inputs.periods_per_year / 12.0))
    found = []
    for back in range(1, MONTHS_BETWEEN_PAST * STRIDE, STRIDE):
        end = T - back * horizon
        if end < T / 2:
            break
        at = np.arange(T)
        month = own.rows((at >= end) & (at < end + horizon) & np.isfinite(own.mean).all(axis=1))
        try:
            until = _until(inputs, end)
            past = [_estimated(member, until)[0] / inputs.periods_per_year for member in members]
        except DataError:
            # An asset that has no history before the month: the month is left out.
            continue
        noise = np.zeros((len(month.dates), *past[0].shape))
        noise[:, *np.ix_(own.noisy, own.noisy)] = month.uncertainty
        # Collinear assets: a density that is as narrow as a millionth of each variance allows.
        past = [S + np.diag(RIDGE * np.diag(S)) for S in past]
        # The change behind a noisy price is not known: its expected score counts.
        losses = [qlike(S, month.mean) + np.einsum("tij,ji->t", noise, np.linalg.inv(S)) for S in past]
        found.append(-0.5 * np.array(losses).T)
    return np.vstack(found) if found else np.empty((0, len(members)))


def _narrowed(inputs: CovarianceInputs, factors: Collection[str]) -> CovarianceInputs:
    """The inputs without the series that are neither estimated nor explain anything."""
    wanted = {*inputs.assets, *inputs.metals, *factors}
    at = [i for i, name in enumerate(inputs.local.series) if name in wanted]
    names = tuple(inputs.local.series[i] for i in at)
    local = inputs.local.take(names)
    realised = inputs.realised
    return replace(
        inputs,
        increments=inputs.increments.take(names),
        local=local,
        realised=local if realised is inputs.local else None if realised is None else realised.take(names),
        state=inputs.state[:, at],
    )


def _until(inputs: CovarianceInputs, end: int) -> CovarianceInputs:
    """The inputs as of an earlier period; each variance in the proportion in which exact squares were smaller until then."""
    kept = np.arange(len(inputs.increments.dates)) < end
    own = inputs.own
    seen = np.isfinite(own.mean)
    squares = np.where(seen, own.mean, 0.0)
    squares *= squares
    count, all_count = (np.full(seen.shape[1], len(part)) if part.all() else part.sum(axis=0) for part in (seen[:end], seen))
    if (count < MINIMUM_CHANGES).any():
        raise GapError("an asset has too short a history for weights of a blend.")
    ratio = (squares[:end].sum(axis=0) / count) / (squares.sum(axis=0) / all_count)
    ratio[own.noisy] = 1.0
    if not (ratio > 0).all():
        raise DataError("an asset did not move for weights of a blend.")
    local, realised = inputs.local.rows(kept), inputs.realised
    return replace(
        inputs,
        increments=inputs.increments.rows(kept),
        local=local,
        realised=local if realised is inputs.local else None if realised is None else realised.rows(kept),
        state=inputs.state[:end],
        read_variance=lambda: inputs.variance * ratio,
    )


def pool_weights(scores: FloatArray, prior: float) -> FloatArray:
    """Weights (k,) of the mixture of densities with log likelihoods (days, k) that is most likely.

    Geweke and Amisano (2011), by expectation maximisation. Each starts with `prior` days of an equal share, so that none is
    ever without weight and without any day all are equal.
    """
    days, k = scores.shape
    density = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = np.full(k, 1.0 / k)
    for _ in range(ROUNDS):
        share = weights * density
        share /= share.sum(axis=1, keepdims=True)
        weights = (share.sum(axis=0) + prior) / (days + k * prior)
    return weights


def _solved(covariance: FloatArray, right: FloatArray) -> FloatArray:
    """The inverse of a positive definite covariance (n, n) times a matrix (n, k)."""
    if len(covariance) <= MANY_ASSETS:
        found = np.linalg.solve(covariance, right)
    else:
        from scipy.linalg import cho_factor, cho_solve  # noqa: PLC0415  # 0.1 s to import, and half the work

        found = cho_solve(cho_factor(covariance.T, lower=True, check_finite=False), right, check_finite=False)
    return np.asarray(found, dtype=np.float64)


def _named(form: DenseCovariance, covariance: FloatArray) -> DenseCovariance:
    """A positive definite covariance (n, n) with the named factors of a form.

    Factors and loadings are carried to the volatilities of the covariance as in `factor`: what all assets share of that step
    belongs to the factors. Where the covariance has less room for them in some direction, the loadings are scaled down.
    """
    step = np.sqrt(np.diag(covariance) / form.variances)
    regime = float(np.exp(np.log(step).mean()))
    each = (step / regime)[:, None]
    F, loadings = form.factor_cov * regime**2, form.loadings * each
    # Largest share of a portfolio's variance: an eigenvalue of covariance^-1 B F B', and of the (k, k) F B' covariance^-1 B.
    shares = np.linalg.eigvals(F @ (loadings.T @ _solved(covariance, loadings)))
    room = min(1.0, MOST_OF_FACTORS / max(float(shares.real.max(initial=0.0)), MOST_OF_FACTORS))
    rest = room * (loadings @ F) @ loadings.T
    np.subtract(covariance, rest, out=rest)
    own = np.sqrt(np.diag(rest))
    rest /= own
    rest /= own[:, None]
    return replace(
        form,
        factor_cov=F,
        loadings=np.sqrt(room) * loadings,
        loading_errors=np.sqrt(room) * (form.loading_errors * each),
        deviation=own,
        correlation=rest,
    )
