"""The names of a distilled ViT's parameters in transformers, and ours (timm's).

A DeiT without distillation is a ViT here and is loaded like one. In transformers every
DeiT has a distillation token; of the two model classes with a classifier only
DeiTForImageClassificationWithTeacher has both heads.
"""

from __future__ import annotations

from torch import Tensor

from vislearn.weights import vit_names
from vislearn.weights.renaming import rename

State = dict[str, Tensor]

_TRANSFORMERS = [
    (r"^(deit\.)?embeddings\.distillation_token$", "dist_token"),
    (r"^cls_classifier\.", "head."),
    (r"^distillation_classifier\.", "head_dist."),
]


def from_transformers(state: State) -> State:
    """DeiTModel and DeiTForImageClassificationWithTeacher."""
    return vit_names.from_transformers(rename(state, _TRANSFORMERS))


FORMATS = {"timm": dict, "transformers": from_transformers}
CLASSIFIER = ("head.", "head_dist.")
fit = vit_names.fit
