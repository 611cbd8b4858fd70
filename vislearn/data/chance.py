"""Random numbers that depend only on where they are used, never on what came before.

An ordinary generator hands out numbers in order, so drawing one number more moves
all the rest. Here each number is a hash of (seed, coordinates): scene 7 looks the
same whether 10 scenes are drawn or 10,000, in chunks of any size, on any machine.
The hash is SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014).
"""

from __future__ import annotations

import operator

import torch
from torch import Tensor


def uniform(seed: int, *coordinates: Tensor | int) -> Tensor:
    """Return numbers in [0, 1), float64, one for each broadcast coordinate.

    Args:
        seed: any integer.
        coordinates: integers or int64 tensors that broadcast against each other;
            their order matters.

    Raises:
        ValueError: if the seed is not an integer.
    """
    try:
        state = _mix(torch.tensor(_signed(operator.index(seed))))
    except TypeError:
        raise ValueError(f"seed {seed!r}: expected a whole number") from None
    for place, coordinate in enumerate(coordinates):
        # The place keeps (1, 2) apart from (2, 1).
        step = _mix(torch.as_tensor(coordinate) + _signed((place + 1) * _GOLDEN))
        state = _mix(state ^ step)
    return _logical_shift(state, 11).double() * 2.0**-53


def integers(limit: int, seed: int, *coordinates: Tensor | int) -> Tensor:
    """Return int64 numbers in [0, limit); see `uniform`."""
    return (uniform(seed, *coordinates) * limit).long()


def _signed(number: int) -> int:
    """Wrap a Python integer into the range of int64."""
    number &= 2**64 - 1
    return number - 2**64 if number >= 2**63 else number


_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = _signed(0xBF58476D1CE4E5B9)
_SECOND = _signed(0x94D049BB133111EB)


def _logical_shift(bits: Tensor, by: int) -> Tensor:
    """Shift right and fill with zeros (torch's >> repeats the sign bit)."""
    return (bits >> by) & (2 ** (64 - by) - 1)


def _mix(bits: Tensor) -> Tensor:
    bits = (bits ^ _logical_shift(bits, 30)) * _FIRST  # int64 products wrap around
    bits = (bits ^ _logical_shift(bits, 27)) * _SECOND
    return bits ^ _logical_shift(bits, 31)
