"""Verdicts of question 7 on answers in which chance plays a part.

The grader calls these outside the learner's process: `value` is what the answer
emitted, `known` what the solution did on the same inputs. The last ones recognise a
misconception by what it leaves behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Share of new pictures that a trained model must get right. Over 20 seeds of data,
# weights and batches (bands.json, written by bands.py) the solution gets
# 0.986 to 1.000, a model without positions 0.261 to 0.459.
ENOUGH = 0.93

Emitted = Mapping[str, Sequence[Any]]


def learned(value: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether enough of the held-out pictures get the largest logit at their label.

    The labels are those of the solution's run: an answer cannot bring its own.
    """
    logits, labels = value["logits"], known["labels"]
    if logits.shape != known["logits"].shape or not np.isfinite(logits).all():
        return False
    return bool((logits.argmax(axis=1) == labels).mean() > ENOUGH)


def repeatable(value: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether the same seed gives the same losses, and another seed others."""
    first, again, other = (value[name] for name in ("first", "again", "other"))
    if first.shape != known["first"].shape or not np.isfinite(first).all():
        return False
    return _equal(first, again) and not _equal(first, other)


def drops_out_after_eval(values: Emitted) -> bool:
    """Question 1: the same tokens give another answer each time, after eval()."""
    twice = values["dropout"][0]
    return not np.allclose(twice["first"], twice["again"], rtol=1e-9, atol=1e-12)


def not_repeatable(values: Emitted) -> bool:
    """Question 7: the same seed gives other batches."""
    runs = values["repeatable"][0]
    return not _equal(runs["first"], runs["again"])


def blocks_not_registered(values: Emitted) -> bool:
    """Question 7: 0, 1 and 3 blocks have the same number of parameters."""
    counts = values["parameters"][0].reshape(-1, 3)
    return bool((counts == counts[:, :1]).all())


def _equal(left: np.ndarray, right: np.ndarray) -> bool:
    return left.shape == right.shape and bool(np.allclose(left, right, 1e-9, 1e-12))
