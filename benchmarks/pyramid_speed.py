"""Our PVT, PVT v2 and CvT beside those of timm and transformers: the same weights.

    python benchmarks/pyramid_speed.py --model pvt_v2_b1 --batch 2 --rounds 7

timm has only PVT v2. How it is measured: `shared/interleaved.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from shared.interleaved import Models, arguments_of, compare

from vislearn.encoders.cvt import CvT, CvTConfig
from vislearn.encoders.pvt import PVT, PVTConfig
from vislearn.encoders.pvt_v2 import PVTv2, PVTv2Config
from vislearn.registry import configure, find_preset
from vislearn.weights import import_timm, load
from vislearn.weights.torchvision_ops import import_transformers


def build_pvt(config: PVTConfig) -> Models:
    transformers = import_transformers()
    theirs = transformers.PvtModel(
        transformers.PvtConfig(
            image_size=config.img_size,
            depths=list(config.depths),
            hidden_sizes=list(config.widths),
            num_attention_heads=list(config.heads),
            sequence_reduction_ratios=list(config.reductions),
            mlp_ratios=list(config.mlp_ratios),
            layer_norm_eps=config.norm_eps,
        )
    )
    ours = PVT(replace(config, conv_norm_eps=config.norm_eps))
    load(ours, theirs.state_dict(), format="transformers")
    return {
        "vislearn": (ours, lambda x: ours(x).tokens),
        "transformers": (theirs, lambda x: theirs(x).last_hidden_state[:, 1:]),
    }


def build_pvt_v2(config: PVTv2Config) -> Models:
    transformers = import_transformers()
    hugging = transformers.PvtV2Model(
        transformers.PvtV2Config(
            depths=list(config.depths),
            hidden_sizes=list(config.widths),
            num_attention_heads=list(config.heads),
            sr_ratios=list(config.reductions),
            mlp_ratios=list(config.mlp_ratios),
            linear_attention=config.linear,
            layer_norm_eps=config.norm_eps,
        )
    )
    timm = import_timm().models.pvt_v2.PyramidVisionTransformerV2(
        num_classes=0,
        depths=config.depths,
        embed_dims=config.widths,
        num_heads=config.heads,
        sr_ratios=config.reductions,
        mlp_ratios=config.mlp_ratios,
        linear=config.linear,
    )
    ours = PVTv2(config)
    load(ours, hugging.state_dict(), format="transformers")
    timm.load_state_dict(ours.state_dict())
    return {
        "vislearn": (ours, lambda x: ours(x).feature_map),
        "timm": (timm, lambda x: timm.forward_features(x)),
        "transformers": (hugging, lambda x: hugging(x).last_hidden_state),
    }


def build_cvt(config: CvTConfig) -> Models:
    transformers = import_transformers()
    theirs = transformers.CvtForImageClassification(
        transformers.CvtConfig(
            depth=list(config.depths),
            embed_dim=list(config.widths),
            num_heads=list(config.heads),
        )
    )
    ours = CvT(replace(config, act="gelu"))  # transformers' activation
    load(ours, theirs.state_dict(), format="transformers")
    return {
        "vislearn": (ours, lambda x: ours(x).feature_map),
        "transformers": (theirs, lambda x: theirs.cvt(x).last_hidden_state),
    }


BUILD: dict[str, Callable[..., Models]] = {
    "pvt": build_pvt,
    "pvt_v2": build_pvt_v2,
    "cvt": build_cvt,
}


def main() -> None:
    arguments = arguments_of(__doc__, model="pvt_v2_b1")
    torch.manual_seed(0)
    name = arguments.model
    family, config = find_preset(name).family, configure(name)
    build = BUILD.get(family)
    if build is None:
        raise SystemExit(f"expected a model of {', '.join(BUILD)}, got {name}")
    images = torch.randn(arguments.batch, 3, *config.image_shape)
    compare(name, build(config), images, arguments.rounds, arguments.json)


if __name__ == "__main__":
    main()
