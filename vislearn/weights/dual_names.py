"""A dual encoder of one's own, such as `small_dual`: in no other package, our names."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

State = dict[str, Tensor]

FORMATS: dict[str, Callable[[State], State]] = {}
