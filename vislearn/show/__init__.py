"""Every figure of the course, and the one door through which figures are shown.

Nothing is imported until it is used: matplotlib costs more than the rest of the
package, and a grader that only needs numbers should not pay for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOMES = {
    "attention": "vislearn.layers.attention",
    "attention_explorer": "vislearn.show.explorer",
    "attention_matrix": "vislearn.show.attention_maps",
    "attention_over_image": "vislearn.show.attention_maps",
    "attention_rollout": "vislearn.show.rollout",
    "bars": "vislearn.show.plots",
    "curves": "vislearn.show.plots",
    "data_curves": "vislearn.show.data_amount",
    "figure": "vislearn.show.look",
    "image_grid": "vislearn.show.images",
    "label": "vislearn.show.publish",
    "patch_filters": "vislearn.show.patches",
    "patch_grid": "vislearn.show.patches",
    "position_similarity": "vislearn.show.positions",
    "rope_turns": "vislearn.show.rope",
    "reach_maps": "vislearn.show.reach",
    "retrieval_grid": "vislearn.show.retrieval",
    "seed_ranges": "vislearn.show.over_seeds",
    "shift_masks": "vislearn.show.windows",
    "shifted_windows": "vislearn.show.windows",
    "similarity": "vislearn.show.similarity_table",
    "style": "vislearn.show.look",
    "sweep": "vislearn.show.over_settings",
    "text_tokens": "vislearn.show.text_pieces",
    "token_reach": "vislearn.show.reach",
    "token_sequence": "vislearn.show.tokens",
    "who_hears_whom": "vislearn.show.windows",
}
# The name in its home module, where it differs from the name here.
_RENAMED = {"attention": "record_attention"}

if TYPE_CHECKING:
    from vislearn.layers.attention import record_attention as attention  # noqa: F401
    from vislearn.show.attention_maps import attention_matrix as attention_matrix
    from vislearn.show.attention_maps import (
        attention_over_image as attention_over_image,
    )
    from vislearn.show.data_amount import data_curves as data_curves
    from vislearn.show.explorer import attention_explorer as attention_explorer
    from vislearn.show.images import image_grid as image_grid
    from vislearn.show.look import figure as figure
    from vislearn.show.look import style as style
    from vislearn.show.over_seeds import seed_ranges as seed_ranges
    from vislearn.show.over_settings import sweep as sweep
    from vislearn.show.patches import patch_filters as patch_filters
    from vislearn.show.patches import patch_grid as patch_grid
    from vislearn.show.plots import bars as bars
    from vislearn.show.plots import curves as curves
    from vislearn.show.positions import position_similarity as position_similarity
    from vislearn.show.publish import label as label
    from vislearn.show.reach import reach_maps as reach_maps
    from vislearn.show.reach import token_reach as token_reach
    from vislearn.show.retrieval import retrieval_grid as retrieval_grid
    from vislearn.show.rollout import attention_rollout as attention_rollout
    from vislearn.show.rope import rope_turns as rope_turns
    from vislearn.show.similarity_table import similarity as similarity
    from vislearn.show.text_pieces import text_tokens as text_tokens
    from vislearn.show.tokens import token_sequence as token_sequence
    from vislearn.show.windows import shift_masks as shift_masks
    from vislearn.show.windows import shifted_windows as shifted_windows
    from vislearn.show.windows import who_hears_whom as who_hears_whom


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'vislearn.show' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), _RENAMED.get(name, name))


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
