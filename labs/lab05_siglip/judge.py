"""Verdicts on answers that no single value decides: memory, exchange, training.

The grader calls these outside the learner's process: `value` is what the answer
emitted, `known` what the solution did on the same inputs. The last ones recognise a
misconception by what it leaves behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Share of new pictures that a trained model must name right, in each language, and of
# Korean names that must lie nearest to their English one. Over 12 seeds of data,
# weights and batches (bands.json, written by bands.py) the solution gets 0.976 to 1.000
# and 0.969 to 1.000.
ENOUGH = 0.85
ENOUGH_BETWEEN = 0.8

# Question 3 has 160 pairs in blocks of 8: the table has 25,600 numbers, a strip of
# pictures with all texts 1,280. Dense answers keep several tables at a time, right
# ones a few strips and copies of the embeddings.
MOST_ALIVE = 160 * 160
# Question 4 has 5 workers with at most 4 pairs of width 2: a tile has 16 numbers, all
# texts together have 34.
WORKERS, LARGEST = 5, 33

Emitted = Mapping[str, Sequence[Any]]


def in_blocks(value: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether the gradients are right and were computed without the whole table."""
    if not all(_close(value[name], known[name]) for name in ("bias", "texts")):
        return False
    return bool(0 < float(value["peak"]) <= MOST_ALIVE)


def around_the_ring(value: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether the shares are right and the texts came round chunk by chunk."""
    if not _close(value["losses"], known["losses"]):
        return False
    rounds, largest = float(value["rounds"]), float(value["largest"])
    return WORKERS - 1 <= rounds <= WORKERS and 0 < largest <= LARGEST


def learned(value: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether enough pictures get their name, and names meet their translation.

    The right names are those of the solution's run: an answer cannot bring its own.
    """
    things = known["things"]
    for name in ("ko", "en", "between"):
        found = value[name]
        if found.shape != known[name].shape or not np.isfinite(found).all():
            return False
    shares = [(value[name].argmax(1) == things).mean() for name in ("ko", "en")]
    between = value["between"].argmax(1) == np.arange(len(value["between"]))
    return bool(min(shares) > ENOUGH and between.mean() > ENOUGH_BETWEEN)


def keeps_all_tiles(values: Emitted) -> bool:
    """Question 3: as many numbers are alive as the table of all pairs holds, often."""
    return float(values["memory"][0]["peak"]) > MOST_ALIVE


def gathers_texts(values: Emitted) -> bool:
    """Question 4: nothing went through the ring, and there was a large tensor."""
    done = values["ring"][0]
    return float(done["rounds"]) == 0 and float(done["largest"]) > LARGEST


def records_gradients(values: Emitted) -> bool:
    """Question 7: gradients were on while probabilities were computed."""
    return float(values["probabilities"][0]["recorded"]) > 0


def _close(left: np.ndarray, right: np.ndarray) -> bool:
    left, right = np.asarray(left, float), np.asarray(right, float)
    return left.shape == right.shape and bool(np.allclose(left, right, 1e-6, 1e-8))
