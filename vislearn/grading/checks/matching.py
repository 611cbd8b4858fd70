"""Collections without an order, compared as multisets under a tolerance.

"Within tolerance" is no equivalence: 1.0 and 1.1 may each be close to 1.05, so that
sorting and comparing one after the other can pair the wrong ones. Two collections are
equal if and only if there is a perfect matching in the graph of close pairs, and that
is what is looked for (augmenting paths; by Berge's theorem a matching is the largest
one when none is left).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vislearn.grading.checks.values import Difference, Rules, difference, number_text

MAX_ITEMS = 512


def items_of(value: Any) -> list[Any]:
    """The members of a collection: rows of an array, items, values of a dict.

    Raises:
        ValueError: if this is no collection, or one of more than 512 members.
    """
    if isinstance(value, np.ndarray) and value.ndim:
        items = list(value)
    elif isinstance(value, list):
        items = value
    elif isinstance(value, dict):  # its keys are names that do not matter
        items = list(value.values())
    else:
        raise ValueError(f"{type(value).__name__} is no collection")
    if len(items) > MAX_ITEMS:
        raise ValueError(f"{len(items)} members, at most {MAX_ITEMS} are compared")
    return [np.asarray(x) if isinstance(x, np.generic) else x for x in items]


def set_difference(expected: Any, got: Any, rules: Rules) -> Difference | None:
    """A member that has no partner, or None if the multisets are equal."""
    wanted = items_of(expected)
    try:
        given = items_of(got)
    except ValueError:
        return Difference("wrong_shape", "", f"{len(wanted)} members", "")
    if len(wanted) != len(given):
        return Difference("wrong_size", "", str(len(wanted)), str(len(given)))
    close = _close_pairs(wanted, given, rules)
    partner = perfect_matching(close)
    alone = [n for n, other in enumerate(partner) if other < 0]
    if not alone:
        return None
    used = set(partner)
    left_over = next(n for n in range(len(given)) if n not in used)
    return Difference(
        "wrong_member", "", member_text(wanted[alone[0]]), member_text(given[left_over])
    )


def _close_pairs(wanted: list[Any], given: list[Any], rules: Rules) -> list[int]:
    """For every wanted member the given ones within tolerance, as bits."""
    if _is_table(wanted) and _is_table(given) and wanted[0].shape == given[0].shape:
        return _close_rows(np.stack(wanted), np.stack(given), rules)
    return [
        sum(1 << n for n, g in enumerate(given) if difference(w, g, rules) is None)
        for w in wanted
    ]


def _is_table(items: list[Any]) -> bool:
    arrays = bool(items) and all(isinstance(item, np.ndarray) for item in items)
    return arrays and len({item.shape for item in items}) == 1


def _close_rows(wanted: np.ndarray, given: np.ndarray, rules: Rules) -> list[int]:
    """The same for rows of one shape, a wanted row at a time."""
    count = len(given)
    given = given.reshape(count, -1)
    given = given if given.dtype.kind == "c" else given.astype(np.float64)
    bits = []
    for row in wanted.reshape(count, -1):
        with np.errstate(invalid="ignore", over="ignore"):
            right = np.abs(given - row) <= rules.atol + rules.rtol * np.abs(row)
        right &= np.isfinite(given)
        if rules.nan_equal:
            right |= (given == row) | (np.isnan(given) & np.isnan(row))
        packed = np.packbits(right.all(axis=1), bitorder="little")
        bits.append(int.from_bytes(packed.tobytes(), "little"))
    return bits


def perfect_matching(close: list[int]) -> list[int]:
    """A largest matching of a bipartite graph; -1 where a left node has no partner.

    Args:
        close: for every left node its neighbours on the right, as bits.
    """
    partner, owner = [-1] * len(close), [-1] * len(close)
    for start in range(len(close)):
        _augment(start, close, partner, owner)
    return partner


def _augment(
    start: int, close: list[int], partner: list[int], owner: list[int]
) -> None:
    """Give one more left node a partner, if an alternating path allows it.

    Breadth first; each right node is entered once, so that the whole matching takes
    at most n² steps however the graph was chosen.
    """
    unseen, came_from = (1 << len(close)) - 1, dict[int, int]()
    queue = [start]
    for left in queue:
        while reachable := close[left] & unseen:
            right = (reachable & -reachable).bit_length() - 1
            unseen ^= 1 << right
            came_from[right] = left
            if owner[right] >= 0:
                queue.append(owner[right])
                continue
            while right >= 0:  # turn the path round, back to its start
                left = came_from[right]
                owner[right], partner[left], right = left, right, partner[left]
            return


def member_text(member: Any) -> str:
    """The beginning of a member, for people."""
    if isinstance(member, np.ndarray) and member.dtype.kind in "fcb":
        numbers = [number_text(number, 4) for number in member.ravel()[:6]]
        more = ", …" if member.size > 6 else ""
        text = ", ".join(numbers) + more
        return f"[{text}]" if member.ndim else text
    return repr(member)[:80]
