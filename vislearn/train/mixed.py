"""Which number format a device should train in.

    CPU                         float32: below about 1 M parameters bf16 does not pay
    Turing (T4), Volta          float16 with a gradient scaler: no fast bf16 there
    Ampere and later            bfloat16: float32's range, no scaler needed

Loss scaling keeps small float16 gradients from becoming zero (arXiv:1710.03740,
section 3.2).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Precision:
    """A policy: `autocast()` around the forward pass, `scaler()` around the update."""

    device_type: str
    dtype: torch.dtype

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which the forward pass and the loss run."""
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device_type, self.dtype)

    def scaler(self) -> torch.amp.GradScaler:
        """Return a gradient scaler, switched off unless the format is float16."""
        enabled = self.dtype == torch.float16
        return torch.amp.GradScaler(self.device_type, enabled=enabled)


def precision(device: torch.device | str) -> Precision:
    """Choose the policy for a device.

    Raises:
        ValueError: for a device that is neither `cpu` nor `cuda`.
    """
    kind = torch.device(device).type
    if kind == "cpu":
        return Precision(kind, torch.float32)
    if kind == "cuda":
        major, _ = torch.cuda.get_device_capability(device)
        return Precision(kind, torch.bfloat16 if major >= 8 else torch.float16)
    raise ValueError(f"device {str(device)!r}: expected 'cpu' or 'cuda'")
