"""Written calls as the models of tickets learn from them, and how what was learned is written down."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import copy
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from callcore.config import Settings
from callcore.engines.card import CARD_FILE
from callcore.evaluate.tickets import GoldCall
from callcore.following import Following
from callcore.loading import load_understander
from callcore.privacy import Redactor
from callcore.privacy.seal import Sealer, new_key
from callcore.tickets import TicketRules
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.look import Look
from callcore.tickets.spec import is_hidden
from models.training.understand.enter import enter

ROOT = Path(__file__).parents[3]
CALLS = ROOT / "benchmarks" / "written_calls"
FOLDS = 5
STRENGTHS = (0.03, 0.1, 0.3, 1.0)  #: of regressions: the inverse of the regularisation
RARE = 3  #: a sign that fewer rows have is left out
DECIMALS = 4  #: of weights
FEWEST_TO_FORK = 32  #: calls
UNLIKELY = 1e-6  #: probability of an answer that a model has never met
Matrix = npt.NDArray[np.float64]
Traits = Mapping[str, float]
Seen = TypeVar("Seen")


class Views:
    """Calls as the pipeline sees them, redaction and all."""

    def __init__(self) -> None:
        self._settings = Settings()
        self._understander = load_understander(self._settings)
        self.rules = TicketRules.load(self._settings.tickets, self._understander.catalogue)
        self._sealer = Sealer([new_key()])
        redactor = Redactor.of(self._sealer, self._settings.understand, self._understander.taggers)
        self._following = Following(redactor, self.rules)

    def promising(self, promises: LinearModel) -> Self:
        """The same in which a model tells the promises."""
        other = copy(self)
        other.rules = replace(self.rules, promises=promises)
        return other

    def look(self, one: GoldCall) -> Look:
        """At a whole call, by rules alone but for the promises of :meth:`promising`."""
        events = self._following.told(one.call, one.name, self._settings, self._understander, ticket=False)
        fold = self.rules.fold(events[0])  # type: ignore[arg-type]
        for event in events[1:]:
            fold.absorb(event)
        return fold.look()

    def opened(self, kind: str, normal: str) -> str:
        """A value as it was said, where it was sealed."""
        return self._sealer.open(kind, normal) if is_hidden(normal) else normal


def each(work: Callable[[GoldCall], Seen], calls: Sequence[GoldCall]) -> list[Seen]:
    """What ``work`` makes of every call, in their order, on all cores this process may use: forks of it, which have
    whatever ``work`` needs.
    """
    cores = len(os.sched_getaffinity(0))
    if cores == 1 or len(calls) < FEWEST_TO_FORK:
        return [work(one) for one in calls]
    with ProcessPoolExecutor(cores, get_context("fork"), _take, (work, calls)) as pool:
        return list(pool.map(_done, range(len(calls)), chunksize=FEWEST_TO_FORK // 4))


_taken: dict[str, Any] = {}  #: by a fork: the work and the calls, which cannot be sent to it


def _take(work: Callable[[GoldCall], Any], calls: Sequence[GoldCall]) -> None:
    _taken.update(work=work, calls=calls)


def _done(place: int) -> Any:
    return _taken["work"](_taken["calls"][place])


def parts(count: int) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    """Places of calls to learn from and of those left out, for each of :data:`FOLDS` parts."""
    yield from KFold(FOLDS, shuffle=True, random_state=0).split(range(count))


def fitted(rows: Iterable[tuple[Traits, bool]], names: Sequence[str], strength: float) -> LogisticRegression:
    """The regression that tells by the traits in ``names`` whether a row holds; one that does not settle is an error.

    ``strength``: C of the regression: the smaller, the simpler.
    """
    traits, holds = zip(*rows, strict=True)
    matrix = sparse(traits, names).toarray()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        return LogisticRegression(C=strength, solver="newton-cholesky", max_iter=100, tol=1e-8).fit(matrix, holds)


def sparse(rows: Sequence[Traits], names: Sequence[str]) -> csr_matrix:
    """The traits in ``names``, a row for each of ``rows``."""
    places = {name: place for place, name in enumerate(names)}
    known = [[(places[name], value) for name, value in row.items() if name in places] for row in rows]
    ends = np.cumsum([0, *map(len, known)], dtype=np.int32)
    columns = np.array([place for row in known for place, _ in row], dtype=np.int32)
    values = np.array([value for row in known for _, value in row])
    return csr_matrix((values, columns, ends), shape=(len(rows), len(names)))


def put(found: Matrix, rows: Sequence[int], model: LogisticRegression, features: Any, labels: Sequence[str]) -> None:
    """What a model says of the calls at ``rows``: probabilities in the columns of ``labels``."""
    columns = [labels.index(label) for label in model.classes_]
    found[np.ix_(rows, columns)] = np.maximum(model.predict_proba(features), UNLIKELY)


def opposed(model: LogisticRegression, share: float) -> tuple[Matrix, Matrix]:
    """Weights and bias of a model times ``share``, a row for each answer: of two answers two opposite ones."""
    weights, bias = model.coef_ * share, model.intercept_ * share
    if len(model.classes_) == 2:
        return np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return weights, bias


def head_of(names: Sequence[str], model: LogisticRegression, scale: float) -> Head:
    """Weights by sign, named as the columns are; two classes as two opposite rows, so that all heads are read alike."""
    weights, bias = opposed(model, scale)
    return Head(
        labels=tuple(map(str, model.classes_)),
        bias=tuple(round(float(value), DECIMALS) for value in bias),
        weights={
            name: tuple(round(float(value), DECIMALS) for value in weights[:, i])
            for i, name in enumerate(names)
            if np.abs(weights[:, i]).max() >= 10**-DECIMALS
        },
    )


def log_loss(logits: Matrix, right: Sequence[int]) -> float:
    """Mean of minus the logarithm of the probability of the right answers."""
    found = logits - logits.max(axis=1, keepdims=True)
    likely = found - np.log(np.exp(found).sum(axis=1, keepdims=True))
    return float(-likely[np.arange(len(right)), right].mean())


def write(out: Path, card: Mapping[str, Any], text: str) -> None:
    """A linear model, the ``text`` about it, and where ``out`` has a manifest its row."""
    folder = out / card["name"]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / CARD_FILE
    file.write_text(json.dumps({"format": 1, **card}, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(text, encoding="utf-8")
    if (manifest := out / "manifest.toml").is_file():
        enter(manifest, card["name"], file)
