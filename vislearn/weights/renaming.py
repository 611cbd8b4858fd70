"""What the files of names share: renaming keys, stacking q, k and v, and towers."""

from __future__ import annotations

import re

import torch
from torch import Tensor

State = dict[str, Tensor]


def rename(state: State, rules: list[tuple[str, str]]) -> State:
    """Apply every rule to every key, in order; unknown keys stay as they are."""
    renamed = {}
    for key, value in state.items():
        for pattern, replacement in rules:
            key = re.sub(pattern, replacement, key)
        renamed[key] = value
    return renamed


def join(state: State, part: str, pieces: tuple[str, ...], name: str) -> State:
    """Stack the rows of separate linear layers into one, in the order of `pieces`.

    A layer of which a piece is missing is left as it is, to be reported.
    """
    joined = dict(state)
    for key in state:
        before, found, after = key.partition(f".{part}.{pieces[0]}.")
        keys = [f"{before}.{part}.{piece}.{after}" for piece in pieces]
        if found and all(piece in state for piece in keys):
            rows = torch.cat([joined.pop(piece) for piece in keys])
            joined[f"{before}.{part}.{name}.{after}"] = rows
    return joined


def within(state: State, prefix: str) -> State:
    """The part of a state behind a prefix, without it."""
    return {
        key.removeprefix(prefix): value
        for key, value in state.items()
        if key.startswith(prefix)
    }


def behind(prefix: str, state: State) -> State:
    """The same with a prefix in front of every key."""
    return {f"{prefix}{key}": value for key, value in state.items()}
