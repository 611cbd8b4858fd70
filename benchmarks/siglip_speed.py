"""Our SigLIP beside timm's, open_clip's and transformers', with the same weights.

    python benchmarks/siglip_speed.py --part image --batch 2 --rounds 7
    python benchmarks/siglip_speed.py --part text
    python benchmarks/siglip_speed.py --part naflex

Images of one size, texts, or pictures of four shapes in one padded batch; that all
answer alike is checked. How it is measured: `shared/interleaved.py`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from shared.interleaved import Models, arguments_of, compare
from torch import Tensor

from vislearn.encoders.naflex import NaFlexBatch, NaFlexConfig, NaFlexSigLIP
from vislearn.encoders.siglip import SigLIP, SigLIPConfig
from vislearn.registry import configure
from vislearn.weights import load
from vislearn.weights.siglip_names import from_open_clip
from vislearn.weights.torchvision_ops import (
    import_open_clip,
    import_timm,
    import_transformers,
)

SHAPES = ((480, 640), (1080, 1920), (1000, 400), (256, 256))  # of pictures, pixels


def vision_settings(config: SigLIPConfig) -> dict[str, Any]:
    """The image tower's sizes in the words of transformers."""
    return {
        "patch_size": config.patch_size,
        "hidden_size": config.width,
        "num_hidden_layers": config.depth,
        "num_attention_heads": config.heads,
        "intermediate_size": config.visual.hidden,
    }


def text_settings(config: SigLIPConfig) -> dict[str, Any]:
    """The text tower's sizes in the words of transformers."""
    return {
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context,
        "hidden_size": config.text_width,
        "num_hidden_layers": config.text_depth,
        "num_attention_heads": config.text_heads,
        "intermediate_size": config.text.hidden,
        "projection_size": config.embed_dim,
        "bos_token_id": 0,
        "eos_token_id": 1,
    }


def timm_settings(config: SigLIPConfig) -> dict[str, Any]:
    """The image tower's sizes in timm's words."""
    return {
        "patch_size": config.patch_size,
        "embed_dim": config.width,
        "depth": config.depth,
        "num_heads": config.heads,
        "mlp_ratio": config.visual.hidden / config.width,
        "act_layer": config.act,
        "global_pool": "map",
    }


def image_part(batch: int) -> tuple[str, Models, Tensor]:
    """The image tower of SigLIP B/16; the text towers are not measured."""
    config: SigLIPConfig = configure("siglip_b16", text_depth=1, vocab_size=1000)
    transformers, timm = import_transformers(), import_timm()
    vision = {**vision_settings(config), "image_size": config.img_size}
    hugging = transformers.SiglipModel(
        transformers.SiglipConfig(
            vision_config=vision, text_config=text_settings(config)
        )
    )
    theirs = timm.models.vision_transformer.VisionTransformer(
        img_size=config.img_size,
        class_token=False,
        num_classes=0,
        **timm_settings(config),
    )
    ours: Any = load(SigLIP(config), hugging.state_dict(), "transformers")
    theirs.load_state_dict(ours.visual.state_dict())
    models: Models = {
        "vislearn": (ours.visual, lambda x: ours.visual(x).pooled),
        "timm": (theirs, theirs),
        "transformers": (hugging.vision_model, lambda x: hugging.vision_model(x)[1]),
    }
    images = torch.randn(batch, 3, *config.image_shape)
    return "siglip_b16, images", models, images


def text_part(batch: int) -> tuple[str, Models, Tensor]:
    """The text tower of SigLIP B/16; the image towers are not measured."""
    config: SigLIPConfig = replace(configure("siglip_b16"), depth=1)
    transformers, open_clip = import_transformers(), import_open_clip()
    vision = {**vision_settings(config), "image_size": config.img_size}
    hugging = transformers.SiglipModel(
        transformers.SiglipConfig(
            vision_config=vision, text_config=text_settings(config)
        )
    )
    theirs = open_clip.transformer.TextTransformer(
        context_length=config.context,
        vocab_size=config.vocab_size,
        width=config.text_width,
        heads=config.text_heads,
        layers=config.text_depth,
        output_dim=config.embed_dim,
        no_causal_mask=True,
        pool_type="last",
        proj_bias=True,
        act_layer=lambda: torch.nn.GELU(approximate="tanh"),
        norm_layer=lambda width: torch.nn.LayerNorm(width, eps=config.norm_eps),
    )
    ours: Any = load(SigLIP(config), hugging.state_dict(), "transformers")
    copy_to_open_clip(ours, theirs)
    models: Models = {
        "vislearn": (ours.text, ours.text),
        "open_clip": (theirs, theirs),
        "transformers": (hugging.text_model, lambda ids: hugging.text_model(ids)[1]),
    }
    ids = torch.randint(config.vocab_size, (batch, config.context))
    return "siglip_b16, texts", models, ids


def naflex_part(batch: int) -> tuple[str, Models, Tensor]:
    """Pictures of four shapes through the image tower of SigLIP 2 NaFlex B/16."""
    name = "siglip2_naflex_b16"
    config: NaFlexConfig = configure(name, text_depth=1, vocab_size=1000)
    transformers, timm = import_transformers(), import_timm()
    hugging = transformers.Siglip2Model(
        transformers.Siglip2Config(
            vision_config=vision_settings(config), text_config=text_settings(config)
        )
    )
    settings = timm.models.naflexvit.NaFlexVitCfg(
        pos_embed_interp_mode="bilinear", **timm_settings(config)
    )
    theirs = timm.models.naflexvit.NaFlexVit(settings, num_classes=0)
    ours: Any = load(NaFlexSigLIP(config), hugging.state_dict(), "transformers")
    copy_to_timm(ours.visual, hugging.vision_model, theirs)
    shapes = [SHAPES[index % len(SHAPES)] for index in range(batch)]
    images = [torch.randn(3, *shape) for shape in shapes]
    pictures = NaFlexBatch.from_images(images, config.patch_size, config.max_patches)
    P = config.patch_size
    flat = pictures.patches.unflatten(2, (3, P, P)).permute(0, 1, 3, 4, 2).flatten(2)
    mask, grids = pictures.mask, torch.tensor(pictures.grids)
    places = torch.zeros(*mask.shape, 2, dtype=torch.int64)
    for index, (h, w) in enumerate(pictures.grids):
        places[index, : h * w] = torch.cartesian_prod(torch.arange(h), torch.arange(w))
    models: Models = {
        "vislearn": (ours.visual, lambda _: ours.visual(pictures).pooled),
        "timm": (theirs, lambda x: theirs(x, patch_coord=places, patch_valid=mask)),
        "transformers": (
            hugging.vision_model,
            lambda x: hugging.vision_model(x, mask.int(), grids)[1],
        ),
    }
    return f"{name}, {mask.sum().item()} of {mask.numel()} tokens", models, flat


def copy_to_timm(ours: Any, hugging: Any, theirs: Any) -> None:
    """Give timm's model our weights, patches in the order of transformers."""
    state = ours.state_dict()
    linear = hugging.embeddings.patch_embedding
    table = state.pop("pos_embed").reshape(theirs.embeds.pos_embed.shape)
    del state["patch_embed.proj.weight"], state["patch_embed.proj.bias"]
    state |= {
        "embeds.pos_embed": table,
        "embeds.proj.weight": linear.weight,
        "embeds.proj.bias": linear.bias,
    }
    theirs.load_state_dict(state)


@torch.no_grad()
def copy_to_open_clip(ours: SigLIP, theirs: Any) -> None:
    """Give open_clip's text tower our weights, in place."""
    own = ours.state_dict()
    state = {f"text.{key}": value for key, value in theirs.state_dict().items()}
    for name, value in from_open_clip(state).items():
        value.copy_(own[name])


@torch.no_grad()
def check_equal(models: Models, inputs: Tensor) -> None:
    """Raise an AssertionError unless all answer alike."""
    answers = []
    for module, features in models.values():
        module.eval()
        answers.append(features(inputs))
    for answer in answers[1:]:
        torch.testing.assert_close(answers[0], answer, rtol=1e-4, atol=1e-4)


PARTS = {"image": image_part, "text": text_part, "naflex": naflex_part}


def main() -> None:
    arguments = arguments_of(__doc__, part="image")
    torch.manual_seed(0)
    title, models, inputs = PARTS[arguments.part](arguments.batch)
    check_equal(models, inputs)
    compare(title, models, inputs, arguments.rounds, arguments.json)


if __name__ == "__main__":
    main()
