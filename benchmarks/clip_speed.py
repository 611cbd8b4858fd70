"""Our CLIP beside open_clip's and transformers' of the same sizes, tower by tower.

    python benchmarks/clip_speed.py --model clip_vit_b32 --batch 2 --rounds 7

Ours and open_clip's hold the same weights, which is checked. With --json FILE.json each
tower writes its own, FILE_image.json and FILE_text.json. How it is measured:
`shared/interleaved.py`.
"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from shared.interleaved import Models, arguments_of, compare
from torch import Tensor

from vislearn.encoders.clip import CLIP, CLIPConfig
from vislearn.registry import configure
from vislearn.weights import load
from vislearn.weights.torchvision_ops import import_open_clip, import_transformers


def build_open_clip(config: CLIPConfig) -> Any:
    open_clip = import_open_clip()
    vision = open_clip.CLIPVisionCfg(
        layers=config.depth,
        width=config.width,
        head_width=config.width // config.heads,
        mlp_ratio=config.visual.hidden / config.width,
        patch_size=config.patch_size,
        image_size=config.img_size,
    )
    text = open_clip.CLIPTextCfg(
        context_length=config.context,
        vocab_size=config.vocab_size,
        width=config.text_width,
        heads=config.text_heads,
        layers=config.text_depth,
    )
    quick = config.act == "quick_gelu"
    return open_clip.CLIP(config.embed_dim, vision, text, quick_gelu=quick)


def build_transformers(config: CLIPConfig) -> Any:
    transformers = import_transformers()
    shared = {"hidden_act": config.act, "projection_dim": config.embed_dim}
    text = {
        "hidden_size": config.text_width,
        "intermediate_size": config.text.hidden,
        "num_hidden_layers": config.text_depth,
        "num_attention_heads": config.text_heads,
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context,
    }
    vision = {
        "hidden_size": config.width,
        "intermediate_size": config.visual.hidden,
        "num_hidden_layers": config.depth,
        "num_attention_heads": config.heads,
        "image_size": config.img_size,
        "patch_size": config.patch_size,
    }
    return transformers.CLIPModel(
        transformers.CLIPConfig(
            text_config={**shared, **text},
            vision_config={**shared, **vision},
            projection_dim=config.embed_dim,
        )
    )


def build(config: CLIPConfig) -> tuple[Models, Models]:
    """The three models, and how each embeds images and texts."""
    ours, theirs = CLIP(config), build_open_clip(config)
    load(ours, theirs.state_dict(), format="open_clip")
    hugging = build_transformers(config)
    image: Models = {
        "vislearn": (ours, lambda x: ours(x).pooled),
        "open_clip": (theirs, theirs.encode_image),
        "transformers": (hugging, lambda x: hugging.get_image_features(x)[1]),
    }
    text: Models = {
        "vislearn": (ours, lambda ids: ours.encode_text(ids, normalize=False)),
        "open_clip": (theirs, theirs.encode_text),
        "transformers": (hugging, lambda ids: hugging.get_text_features(ids)[1]),
    }
    return image, text


def full_texts(count: int, config: CLIPConfig) -> Tensor:
    """Texts that fill the context; open_clip takes no shorter ones."""
    ids = torch.randint(1, config.vocab_size - 2, (count, config.context))
    ids[:, -1] = config.vocab_size - 1
    return ids


@torch.no_grad()
def check_equal(models: Models, inputs: Tensor) -> None:
    """Raise an AssertionError unless ours and open_clip's answer alike."""
    answers = []
    for name in ("vislearn", "open_clip"):
        module, features = models[name]
        module.eval()
        answers.append(features(inputs))
    torch.testing.assert_close(*answers, rtol=1e-4, atol=1e-4)


def main() -> None:
    arguments = arguments_of(__doc__, model="clip_vit_b32")
    torch.manual_seed(0)
    config = configure(arguments.model)
    image, text = build(config)
    for tower, models, inputs in (
        ("image", image, torch.randn(arguments.batch, 3, *config.image_shape)),
        ("text", text, full_texts(arguments.batch, config)),
    ):
        check_equal(models, inputs)
        path = arguments.json
        if path:
            path = path.with_stem(f"{path.stem}_{tower}")
        title = f"{arguments.model}, {tower}"
        compare(title, models, inputs, arguments.rounds, path)


if __name__ == "__main__":
    main()
