"""Distinguishers: given rows of octets and numbers with labels 0 and 1, how well can the labels be told?

Three classifiers of different make are trained on a part and judged on the rest by the area under the ROC curve (AUC):
a linear one over every single bit, boosted trees over every octet and number, and the one bit or number that told most
in training. Beside them a screen looks at each bit and number by itself, over all rows.

Why the bounds give no false alarms. If rows do not depend on labels, the scores of the held-out rows are fixed numbers
and the labels are equally likely in every order, so the AUC is the Mann-Whitney statistic: mean 1/2, standard error at
most sqrt((n1 + n0 + 1) / (12 n1 n0)) exactly, tails lighter than the normal's. The bound is 5.5 standard errors: 4e-8,
both sides together. The screen's bound is the normal quantile at 1e-7 divided by the number of columns. Five verdicts
of "at chance" in the suite with three classifiers and a screen each: about one false alarm in a million runs, and only
times can raise it, for all octets are seeded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

Octets = NDArray[np.uint8]
Numbers = NDArray[np.float64]

STANDARD_ERRORS = 5.5
SCREEN_LEVEL = 1e-7
TRAINING_SHARE = 0.3


@dataclass(frozen=True)
class Verdict:
    """`aucs` by classifier; `bound` what |AUC - 1/2| may be; `screen` the largest |z| of a single column."""

    aucs: dict[str, float]
    bound: float
    screen: float
    screen_bound: float

    @property
    def auc(self) -> float:
        """The AUC of the best classifier."""
        return max(self.aucs.values())

    @property
    def at_chance(self) -> bool:
        """Whether nothing here is better, or worse, than guessing."""
        return all(abs(auc - 0.5) < self.bound for auc in self.aucs.values()) and self.screen < self.screen_bound


def auc_bound(ones: int, zeros: int) -> float:
    """How far from 1/2 an AUC over so many held-out rows of each label may lie."""
    return STANDARD_ERRORS * math.sqrt((ones + zeros + 1) / (12 * ones * zeros))


def octet_matrix(rows: Sequence[bytes]) -> Octets:
    """One line per row, shorter rows filled with zeros: their lengths are a number beside it."""
    width = max(map(len, rows))
    return np.frombuffer(b"".join(row.ljust(width, b"\0") for row in rows), dtype=np.uint8).reshape(len(rows), width)


def bits(octets: Octets) -> Octets:
    """Every bit as a column."""
    return np.unpackbits(octets, axis=1)


def among_neighbours(values: Numbers, reach: int = 25) -> Numbers:
    """Each value's rank, from 0 to 1, among those measured just before and after it: a machine's slow moods cancel."""
    ranks = [
        float(np.mean(values[max(0, place - reach) : place + reach + 1] < value)) for place, value in enumerate(values)
    ]
    return np.array(ranks)


def distinguish(
    bit_columns: Octets, octets: Octets, labels: NDArray[np.int64], seed: int, numbers: Numbers | None = None
) -> Verdict:
    """The verdict. Rows must stand in random order with respect to `labels`."""
    if numbers is None:
        numbers = np.zeros((len(labels), 0))
    train, test = _split(labels, seed)
    flat = np.hstack([octets.astype(np.float64), numbers])
    scaled = np.hstack([bit_columns.astype(np.float32) - 0.5, _standardised(numbers, train)])
    with threadpool_limits(1):
        linear = RidgeClassifier(alpha=300.0).fit(scaled[train], labels[train])
        trees = HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=4, max_bins=63, min_samples_leaf=10, early_stopping=False, random_state=seed
        ).fit(flat[train], labels[train])
        scores = {
            "linear": linear.decision_function(scaled[test]),
            "trees": trees.decision_function(flat[test]),
        }
    columns = np.hstack([bit_columns, *([_ranks(numbers)] if numbers.size else [])])
    differences = _differences(columns[train], labels[train])
    best = int(np.argmax(np.abs(differences)))
    scores["stump"] = columns[test][:, best] * np.sign(differences[best])
    ones = int(labels[test].sum())
    return Verdict(
        aucs={name: float(roc_auc_score(labels[test], score)) for name, score in scores.items()},
        bound=auc_bound(ones, len(test) - ones),
        screen=float(np.max(np.abs(_differences(columns, labels)))),
        screen_bound=float(norm.isf(SCREEN_LEVEL / 2 / columns.shape[1])),
    )


def _split(labels: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places to train on and to judge on, with the same share of both labels."""
    generator, train, test = np.random.default_rng(seed), [], []
    for label in (0, 1):
        places = generator.permutation(np.flatnonzero(labels == label))
        cut = int(len(places) * TRAINING_SHARE)
        train.append(places[:cut])
        test.append(places[cut:])
    return generator.permutation(np.concatenate(train)), np.concatenate(test)


def _standardised(numbers: Numbers, train: NDArray[np.int64]) -> Numbers:
    """In ranks of the training rows, so that one slow measurement does not drown the others; weighed like many bits."""
    sorted_columns = np.sort(numbers[train], axis=0)
    places = [np.searchsorted(sorted_columns[:, one], numbers[:, one]) for one in range(numbers.shape[1])]
    return 4.0 * (np.array(places).T.reshape(numbers.shape) / len(train) - 0.5)


def _ranks(numbers: Numbers) -> Numbers:
    return np.asarray(rankdata(numbers, axis=0), dtype=np.float64)


def _differences(columns: NDArray[np.generic], labels: NDArray[np.int64]) -> Numbers:
    """z of the difference of each column's means between the labels; 0 for a column that never changes."""
    values = columns.astype(np.float64)
    ones, zeros = int(labels.sum()), int(len(labels) - labels.sum())
    spread = values.std(axis=0, ddof=1)
    difference = values[labels == 1].mean(axis=0) - values[labels == 0].mean(axis=0)
    scaled = np.divide(difference, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.asarray(scaled / math.sqrt(1 / ones + 1 / zeros), dtype=np.float64)
