"""Our ViT beside timm's and transformers': the same weights, interleaved, one thread.

    python benchmarks/vit_speed.py --size s16 --batch 2 --rounds 7

How it is measured: `shared/interleaved.py`.
"""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from shared.interleaved import Models, arguments_of, compare

import vislearn
from vislearn.encoders.vit import ViTConfig
from vislearn.registry import configure
from vislearn.weights import import_timm, load
from vislearn.weights.torchvision_ops import import_transformers


def build(config: ViTConfig, name: str) -> Models:
    """The three models with equal weights, and how each gives its patch tokens."""
    theirs = import_timm().models.vision_transformer.VisionTransformer(
        img_size=config.img_size,
        patch_size=config.patch_size,
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.heads,
        mlp_ratio=config.hidden / config.width,
        num_classes=0,
    )
    transformers = import_transformers()
    hugging = transformers.ViTModel(
        transformers.ViTConfig(
            image_size=config.img_size,
            patch_size=config.patch_size,
            hidden_size=config.width,
            num_hidden_layers=config.depth,
            num_attention_heads=config.heads,
            intermediate_size=config.hidden,
            layer_norm_eps=config.norm_eps,
        ),
        add_pooling_layer=False,
    )
    ours = vislearn.create_model(name)
    load(ours, hugging.state_dict(), format="transformers")
    theirs.load_state_dict(ours.state_dict())
    return {
        "vislearn": (ours, lambda x: ours(x).tokens),
        "timm": (theirs, lambda x: theirs.forward_features(x)[:, 1:]),
        "transformers": (hugging, lambda x: hugging(x).last_hidden_state[:, 1:]),
    }


def main() -> None:
    arguments = arguments_of(__doc__, size="s16")
    torch.manual_seed(0)
    name = f"vit_{arguments.size}"
    config = configure(name)
    images = torch.randn(arguments.batch, 3, *config.image_shape)
    compare(name, build(config, name), images, arguments.rounds, arguments.json)


if __name__ == "__main__":
    main()
