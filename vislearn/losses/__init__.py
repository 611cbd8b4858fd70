"""What models are trained on: plain functions of tensors that return scalars.

Each file is one idea and needs nothing but torch. The short names below are loaded on
first use, so that reading one loss never imports the others.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_PARTS = {
    "distillation_loss": "distillation",
    "gradient_share": "contrastive",
    "hard_distillation": "distillation",
    "info_nce": "contrastive",
    "info_nce_blocked": "contrastive_blocked",
    "info_nce_distributed": "contrastive_distributed",
    "masked_feature_loss": "reconstruction",
    "sigmoid_loss": "contrastive",
    "sigmoid_loss_blocked": "contrastive_blocked",
    "sigmoid_loss_distributed": "contrastive_distributed",
    "soft_distillation": "distillation",
}
_MODULES = (
    "contrastive",
    "contrastive_blocked",
    "contrastive_distributed",
    "distillation",
    "reconstruction",
)

if TYPE_CHECKING:
    from vislearn.losses.contrastive import gradient_share as gradient_share
    from vislearn.losses.contrastive import info_nce as info_nce
    from vislearn.losses.contrastive import sigmoid_loss as sigmoid_loss
    from vislearn.losses.contrastive_blocked import info_nce_blocked as info_nce_blocked
    from vislearn.losses.contrastive_blocked import (
        sigmoid_loss_blocked as sigmoid_loss_blocked,
    )
    from vislearn.losses.contrastive_distributed import (
        info_nce_distributed as info_nce_distributed,
    )
    from vislearn.losses.contrastive_distributed import (
        sigmoid_loss_distributed as sigmoid_loss_distributed,
    )
    from vislearn.losses.distillation import distillation_loss as distillation_loss
    from vislearn.losses.distillation import hard_distillation as hard_distillation
    from vislearn.losses.distillation import soft_distillation as soft_distillation
    from vislearn.losses.reconstruction import (
        masked_feature_loss as masked_feature_loss,
    )


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return getattr(importlib.import_module(f"{__name__}.{_PARTS[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PARTS, *_MODULES])
