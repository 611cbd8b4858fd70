"""Our ConvNeXt and ResNet beside timm's and torchvision's, the same weights.

    python benchmarks/cnn_speed.py --model convnext_t --batch 2 --rounds 7
    python benchmarks/cnn_speed.py --model resnet50

How it is measured: `shared/interleaved.py`.
"""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from shared.interleaved import Models, arguments_of, compare

import vislearn
from vislearn.registry import configure
from vislearn.weights import import_timm, load

# Our name -> timm's and torchvision's.
PEERS = {
    "convnext_t": ("convnext_tiny", "convnext_tiny"),
    "convnext_s": ("convnext_small", "convnext_small"),
    "resnet18": ("resnet18", "resnet18"),
    "resnet50": ("resnet50", "resnet50"),
}


def build(name: str) -> Models:
    """The three models with equal weights, and how each gives its class scores."""
    timm = import_timm()
    import torchvision

    in_timm, in_torchvision = PEERS[name]
    theirs = getattr(torchvision.models, in_torchvision)(num_classes=1000)
    ours = vislearn.create_model(name, num_classes=1000)
    load(ours, theirs.state_dict(), format="torchvision")
    other = timm.create_model(in_timm, num_classes=1000)
    load(ours, other.state_dict(), format="timm")
    return {
        "vislearn": (ours, lambda x: ours(x).logits),
        "timm": (other, other),
        "torchvision": (theirs, theirs),
    }


def main() -> None:
    arguments = arguments_of(__doc__, model="convnext_t")
    if arguments.model not in PEERS:
        raise SystemExit(f"--model must be one of {', '.join(PEERS)}")
    torch.manual_seed(0)
    name = arguments.model
    images = torch.randn(arguments.batch, 3, *configure(name).image_shape)
    compare(name, build(name), images, arguments.rounds, arguments.json)


if __name__ == "__main__":
    main()
