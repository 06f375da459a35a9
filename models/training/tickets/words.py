"""What the wording of a call says of a question: logistic regression over its n-grams, and how it is written down."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from callcore.engines.card import GRAMS_FILE, rows_of
from callcore.engines.word_model import WEIGHTS_FILE, weighed
from callcore.tickets.picks import EXCLUSIVE
from callcore.tickets.wording import VERSION, VIEWS, Sums, Wording
from models.training.tickets.views import UNLIKELY, Matrix, opposed, parts, put, write
from models.training.understand.grams import Grams, known_grams

NAME = "ticket-words"
FEWEST_CALLS = 25  #: that an n-gram must occur in to be looked at
FEWEST_OF_CODE = 3  #: calls that have a code, from which it is learned
STRENGTH = 10.0  #: inverse of the weights' penalty
LARGEST = 127  #: of a weight as a byte


class Vocabulary:
    """The n-grams that are looked at, ascending."""

    def __init__(self, calls: Sequence[Wording]) -> None:
        self.grams = known_grams((_array(set().union(*views)) for views in calls), FEWEST_CALLS)

    def matrix(self, calls: Sequence[Wording]) -> csr_matrix:
        """A row for each call, the views side by side, each as callcore weighs it."""
        rows, columns, values = [], [], []
        for row, views in enumerate(calls):
            for view, counts in enumerate(views):
                places = rows_of(_array(counts), self.grams)
                known = places > 0
                rows += [row] * int(known.sum())
                columns += (view * len(self.grams) + places[known] - 1).tolist()
                values += weighed(np.array(list(counts.values()), dtype=np.float64)[known]).tolist()
        return csr_matrix((values, (rows, columns)), shape=(len(calls), len(VIEWS) * len(self.grams)))


def _array(grams: Iterable[int]) -> Grams:
    return np.array(list(grams), dtype=np.uint32)


class Answered(Protocol):
    """A call with its wording and the right answers."""

    @property
    def wording(self) -> Wording:
        """How it is worded."""

    @property
    def gold(self) -> Mapping[str, str]:
        """Answer by question."""

    @property
    def listed(self) -> Mapping[str, frozenset[str]]:
        """Codes by question."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What speaks for each answer to a question. ``weights``: shape (answers, columns of the matrix)."""

    labels: tuple[str, ...]
    weights: Matrix
    bias: Matrix

    @classmethod
    def of(cls, model: LogisticRegression, share: float) -> Self:
        """Of answers of which one is right; ``share``: what its logits count."""
        weights, bias = opposed(model, share)
        return cls(tuple(map(str, model.classes_)), weights, bias)

    @classmethod
    def of_each(cls, models: Mapping[str, LogisticRegression]) -> Self:
        """Of answers of which each holds or does not."""
        weights = np.concatenate([model.coef_ for model in models.values()])
        return cls(tuple(models), weights, np.concatenate([model.intercept_ for model in models.values()]))

    def sums(self, matrix: csr_matrix) -> list[Mapping[str, float]]:
        """By answer, for each row of a matrix."""
        return [dict(zip(self.labels, row, strict=True)) for row in (matrix @ self.weights.T + self.bias).tolist()]


class Words:
    """Models of questions from the wording of calls; only those of ``fresh`` are measured on."""

    def __init__(self, fresh: Sequence[Answered], tuned: Sequence[Answered]) -> None:
        self._calls, self._fresh = [*fresh, *tuned], len(fresh)
        self._vocabulary = Vocabulary([one.wording for one in self._calls])
        self._matrix = self._vocabulary.matrix([one.wording for one in self._calls])

    def left_out(self, name: str, labels: Sequence[str]) -> Matrix:
        """Probabilities of each call of ``fresh`` by a model that was not trained on it."""
        found = np.full((self._fresh, len(labels)), UNLIKELY)
        tuned = np.arange(self._fresh, len(self._calls))
        for train, test in parts(self._fresh):
            put(found, test, self._fitted(name, [*train, *tuned]), self._matrix[test], labels)
        return found

    def codes_left_out(self, name: str) -> list[Sums]:
        """What speaks for each code of ``name`` in each call, of ``fresh`` and then of the others, by models that were
        not trained on it.
        """
        every = np.arange(len(self._calls))
        found: list[Sums] = [{}] * len(every)
        for train, test in [*parts(self._fresh), (every[: self._fresh], every[self._fresh :])]:
            for place, sums in zip(test, self._coded(name, train).sums(self._matrix[test]), strict=True):
                found[place] = {name: sums}
        return found

    def write(self, out: Path, version: str, shares: Mapping[str, float], lists: Iterable[str] = ()) -> None:
        """Models of the questions in ``shares`` and of the codes of ``lists``, learned from all calls."""
        everything = range(len(self._calls))
        models = {name: Answers.of(self._fitted(name, everything), share) for name, share in shares.items()}
        models |= {name: self._coded(name, everything) for name in lists}
        write_words(out, version, self._vocabulary, models)

    def _fitted(self, name: str, rows: Sequence[int]) -> LogisticRegression:
        answers = [self._calls[row].gold[name] for row in rows]
        return LogisticRegression(C=STRENGTH, max_iter=3000).fit(self._matrix[list(rows)], answers)

    def _coded(self, name: str, rows: Sequence[int]) -> Answers:
        matrix, listed = self._matrix[list(rows)], [self._calls[row].listed[name] for row in rows]
        if name in EXCLUSIVE:
            first = [min(codes, default="") for codes in listed]
            return Answers.of(LogisticRegression(C=STRENGTH, max_iter=3000).fit(matrix, first), 1.0)
        counts = Counter(code for codes in listed for code in codes)
        return Answers.of_each(
            {
                code: LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=3000).fit(
                    matrix, [code in codes for codes in listed]
                )
                for code, count in sorted(counts.items())
                if count >= FEWEST_OF_CODE
            }
        )


def write_words(out: Path, version: str, vocabulary: Vocabulary, models: Mapping[str, Answers]) -> None:
    """The folder of the model, and its row where ``out`` has a manifest."""
    whole = np.concatenate([one.weights for one in models.values()])  # (answers, views x n-grams)
    scale = np.abs(whole).max(axis=1) / LARGEST
    stored = np.rint(whole / scale[:, None]).astype(np.int8)
    table = np.ascontiguousarray(stored.reshape(len(whole), len(VIEWS), -1).transpose(1, 2, 0))
    files = {GRAMS_FILE: vocabulary.grams.astype("<u4").tobytes(), WEIGHTS_FILE: table.tobytes()}
    (out / NAME).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / NAME / name).write_bytes(content)
    card = {
        "name": NAME,
        "version": version,
        "features": VERSION,
        "views": len(VIEWS),
        "heads": {name: one.labels for name, one in models.items()},
        "bias": [round(float(bias), 4) for one in models.values() for bias in one.bias],
        "scale": [float(f"{one:.4g}") for one in scale],
        "files": {
            name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
    }
    write(out, card, TEXT.format(name=NAME, grams=len(vocabulary.grams)))


TEXT = """# {name}

What the wording of a finished call adds to the answers of `ticket-judge`: a logistic regression for each of its fields
over {grams:,} n-grams of characters, sounds and words, counted by the turns of the customer, of the agent and of the
call's end that hold them (callcore/tickets/wording.py). Its logits and those of the signs are added; how much each of
them counts was chosen on calls left out. Of topics, intents and causes it gives the judge one sign more for each code;
of topics one is right, of the others each holds or does not.

Made with the judge by `python -m models.training.tickets.judge`, which says what it learned from and how good the two
are together: `models/ticket-judge/README.md`. Licence Apache-2.0. `weights.bin` holds a byte for each n-gram, view and
answer; people, numbers and addresses were masked before anything was counted.
"""
