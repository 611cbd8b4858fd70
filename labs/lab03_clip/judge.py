"""Verdicts on answers of lab 3 that no single right value decides.

The grader calls these outside the learner's process: `value` is what the answer
emitted, `known` what the solution did on the same inputs. The last ones recognise a
misconception by what it leaves behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Share of new pictures whose class must be found without training on classes, in each
# language. Over 20 seeds of data, weights and batches (bands.json, written by bands.py)
# the solution gets 0.980 to 1.000 in the weaker language; with pairs that do not belong
# together it gets 0.000 to 0.040, with SGD 0.270 to 0.440.
ENOUGH = 0.85

Emitted = Mapping[str, Sequence[Any]]


def learned(value: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether enough of the held-out pictures get the largest score at their class.

    The classes are those of the solution's run: an answer cannot bring its own.
    """
    scores, classes = value["scores"], known["classes"]
    if scores.shape != known["scores"].shape or not np.isfinite(scores).all():
        return False
    return bool((scores.argmax(axis=1) == classes).mean() > ENOUGH)


def repeatable(value: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether the same seed gives the same losses, and another seed others.

    Besides, every batch must hold as many different pairs as it was told to.
    """
    first, again, other = (value[name] for name in ("first", "again", "other"))
    if first.shape != known["first"].shape or not np.isfinite(first).all():
        return False
    if not all(_equal(value[name], known[name]) for name in ("sizes", "pairs")):
        return False
    return _equal(first, again) and not _equal(first, other)


def frugal(value: np.ndarray, known: np.ndarray) -> bool:
    """Whether one tower saw chunks only, and one graph at a time.

    Four counts: examples without a graph, with one, the most at once, and the most
    graphs that waited for their backward at the same time. How often an answer looks
    without a graph is its own affair.
    """
    if value.shape != known.shape or not np.isfinite(value).all():
        return False
    plain, traced, largest, waiting = value
    return bool(
        plain >= known[0]
        and traced == known[1]
        and largest <= known[2]
        and waiting <= known[3]
    )


def not_repeatable(values: Emitted) -> bool:
    """Question 7: the same seed gives other batches."""
    runs = values["repeatable"][0]
    return not _equal(runs["first"], runs["again"])


def _equal(left: np.ndarray, right: np.ndarray) -> bool:
    return left.shape == right.shape and bool(np.allclose(left, right, 1e-9, 1e-12))
