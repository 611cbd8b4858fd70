"""The names of a hybrid's parameters in torchvision, and ours (timm's).

timm has both stems under our names; torchvision has the convolutional one, as an option
of its VisionTransformer (`conv_stem_configs`).
"""

from __future__ import annotations

from torch import Tensor

from vislearn.weights import vit_names
from vislearn.weights.renaming import rename

State = dict[str, Tensor]

_TORCHVISION = [
    (r"^conv_proj\.conv_bn_relu_(\d+)\.0\.", r"patch_embed.backbone.\1.conv."),
    (r"^conv_proj\.conv_bn_relu_(\d+)\.1\.", r"patch_embed.backbone.\1.bn."),
    (r"^conv_proj\.conv_last\.", "patch_embed.proj."),
]


def from_torchvision(state: State) -> State:
    """torchvision's VisionTransformer with a convolutional stem."""
    return vit_names.from_torchvision(rename(state, _TORCHVISION))


FORMATS = {"timm": dict, "torchvision": from_torchvision}
fit = vit_names.fit
