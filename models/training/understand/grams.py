"""Which n-grams a model knows, and texts as rows of its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from callcore.engines import card
from callcore.understand.features import Grams

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


def known_grams(seen: Iterable[Grams], min_count: int, most: int | None = None) -> Grams:
    """N-grams that occur in ``min_count`` texts or more, in order; of too many, the most frequent."""
    counts: Counter[int] = Counter()
    for grams in seen:
        counts.update(np.unique(grams[grams > 0]).tolist())
    kept = [gram for gram, count in counts.items() if count >= min_count]
    if most is not None and len(kept) > most:
        kept = sorted(kept, key=lambda gram: (-counts[gram], gram))[:most]
    return np.array(sorted(kept), dtype=np.uint32)


def rows_of(grams: Grams, known: Grams) -> Rows:
    """Places in the table, from 1; 0 for what is not known."""
    return card.rows_of(grams, known).astype(np.int64)


def counted(rows: Sequence[Rows], vocabulary: int) -> sparse.csr_matrix:
    """How often each n-gram stands in each text, shape (texts, vocabulary + 1); column 0 is empty."""
    flat = [row[row > 0] for row in rows]
    ends = np.cumsum([0, *map(len, flat)])
    columns = np.concatenate(flat) if flat else np.zeros(0, dtype=np.int64)
    shape = (len(rows), vocabulary + 1)
    counts = sparse.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=shape)
    counts.sum_duplicates()
    return counts


def inverse_frequencies(counts: sparse.csr_matrix) -> Floats:
    """``log((1 + texts) / (1 + texts with it)) + 1`` of each n-gram, shape (vocabulary + 1,); 0 for column 0."""
    found = np.asarray((counts > 0).sum(axis=0)).ravel()
    weights = np.log((1.0 + counts.shape[0]) / (1.0 + found)) + 1.0
    weights[0] = 0.0
    return weights.astype(np.float32)
