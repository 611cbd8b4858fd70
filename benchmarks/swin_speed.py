"""Our Swin beside those of torchvision, timm and transformers: the same weights.

    python benchmarks/swin_speed.py --size t --batch 2 --rounds 7

How it is measured: `shared/interleaved.py`.
"""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from shared.interleaved import Models, arguments_of, compare

import vislearn
from vislearn.encoders.swin import SwinConfig
from vislearn.registry import configure
from vislearn.weights import import_timm, load
from vislearn.weights.torchvision_ops import import_transformers


def build(config: SwinConfig, name: str) -> Models:
    """The four models, and how each gives its last map, normalised, as tokens."""
    timm = import_timm()
    theirs = timm.models.swin_transformer.SwinTransformer(
        img_size=config.img_size,
        embed_dim=config.width,
        depths=config.depths,
        num_heads=config.heads,
        num_classes=0,
        drop_path_rate=0.0,
    )
    import torchvision  # importable only after timm's operators are declared

    other = torchvision.models.swin_transformer.SwinTransformer(
        patch_size=[config.patch_size] * 2,
        embed_dim=config.width,
        depths=list(config.depths),
        num_heads=list(config.heads),
        window_size=[config.window] * 2,
        stochastic_depth_prob=0.0,
    )
    transformers = import_transformers()
    hugging = transformers.SwinModel(
        transformers.SwinConfig(
            image_size=config.img_size,
            embed_dim=config.width,
            depths=list(config.depths),
            num_heads=list(config.heads),
            window_size=config.window,
            drop_path_rate=0.0,
        ),
        add_pooling_layer=False,
    )
    ours = vislearn.create_model(name)
    load(ours, theirs.state_dict(), format="timm")
    return {
        "vislearn": (ours, lambda x: ours(x).tokens),
        "torchvision": (other, lambda x: other.norm(other.features(x))),
        "timm": (theirs, lambda x: theirs.forward_features(x)),
        "transformers": (hugging, lambda x: hugging(x).last_hidden_state),
    }


def main() -> None:
    arguments = arguments_of(__doc__, size="t")
    torch.manual_seed(0)
    name = f"swin_{arguments.size}"
    config = configure(name)
    images = torch.randn(arguments.batch, 3, *config.image_shape)
    compare(name, build(config, name), images, arguments.rounds, arguments.json)


if __name__ == "__main__":
    main()
