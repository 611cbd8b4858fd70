"""Our ViT beside timm's and transformers': the same weights, interleaved, one thread.

    python benchmarks/vit_speed.py --size s16 --batch 2 --rounds 7

Process time on one thread is compared, not wall time: other programs on the machine
make wall time meaningless. In each round every implementation runs once, in rotating
order, so that slow moments hit all alike; the table shows medians over the rounds.
A ratio above 1 means that we are faster.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders.vit import ViTConfig
from vislearn.registry import configure
from vislearn.weights import import_timm, load
from vislearn.weights.torchvision_ops import import_transformers

Features = Callable[[Tensor], Tensor]  # images -> patch tokens after the last norm


def build(config: ViTConfig, name: str) -> dict[str, tuple[nn.Module, Features]]:
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


def forward(model: nn.Module, features: Features, images: Tensor) -> None:
    with torch.no_grad():
        features(images)


def forward_and_backward(model: nn.Module, features: Features, images: Tensor) -> None:
    model.zero_grad(set_to_none=True)
    features(images).square().mean().backward()


def measure(
    models: dict[str, tuple[nn.Module, Features]],
    step: Callable[[nn.Module, Features, Tensor], None],
    images: Tensor,
    rounds: int,
) -> dict[str, list[float]]:
    """Seconds of process time of each model in each round."""
    names = list(models)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            start = time.process_time()
            step(*models[name], images)
            if number > 0:  # round 0 warms up
                seconds[name].append(time.process_time() - start)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="s16", help="ti16, s16, b16, l16, …")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    name = f"vit_{arguments.size}"
    config = configure(name)
    models = {
        key: (model.eval(), features)
        for key, (model, features) in build(config, name).items()
    }
    images = torch.randn(arguments.batch, 3, *config.image_shape)
    rows = []
    print(f"{name}, batch {arguments.batch}, {arguments.rounds} rounds, one thread")
    for title, step in (
        ("forward", forward),
        ("forward + backward", forward_and_backward),
    ):
        seconds = measure(models, step, images, arguments.rounds)
        for key, values in seconds.items():
            # Pair the rounds: a slow moment then cancels out of the ratio.
            ratios = [
                other / own
                for other, own in zip(values, seconds["vislearn"], strict=True)
            ]
            row = {
                "step": title,
                "implementation": key,
                "seconds": statistics.median(values),
                "lowest": min(values),
                "ratio": statistics.median(ratios),
            }
            rows.append(row)
            print(
                f"{title:19} {key:13} {row['seconds']:7.3f} s "
                f"(lowest {row['lowest']:.3f})  theirs / ours {row['ratio']:.3f}"
            )
    if arguments.json:
        settings = {
            "model": name,
            "batch": arguments.batch,
            "rounds": arguments.rounds,
            "torch": torch.__version__,
        }
        arguments.json.write_text(json.dumps({**settings, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
