"""PVT against transformers (timm has none), and mistakes caught.

transformers compares the number of tokens with the number of *pixels* to decide
whether to resize its position tables, and then reads a table as if it had the new
grid's shape: at another image size it stops with an error of shapes. So the reference
gets tables that were resized here, with torch alone, as the authors' code does it.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import vislearn
from vislearn.encoders.pvt import PVT, PVTConfig
from vislearn.layers import positions
from vislearn.weights import load
from vislearn.weights.pvt_names import from_transformers

STDS = (0.02, 0.2)
SIZES = ((64, 64), (96, 96), (64, 96), (75, 101))
DEPTHS = {
    "pvt_tiny": [2, 2, 2, 2],
    "pvt_small": [3, 4, 6, 3],
    "pvt_medium": [3, 4, 18, 3],
    "pvt_large": [3, 8, 27, 3],
}
BASE = PVTConfig(  # transformers has one ε for all norms
    img_size=64, widths=(8, 16, 40, 64), conv_norm_eps=1e-6, num_classes=7
)


def build(transformers) -> Any:
    settings = transformers.PvtConfig(
        image_size=64,
        depths=list(BASE.depths),
        hidden_sizes=list(BASE.widths),
        num_attention_heads=list(BASE.heads),
        sequence_reduction_ratios=list(BASE.reductions),
        mlp_ratios=list(BASE.mlp_ratios),
        layer_norm_eps=BASE.norm_eps,
        num_labels=7,
    )
    return transformers.PvtForImageClassification(settings)


def resize_tables(model: Any, height: int, width: int) -> Any:
    """What the authors' code does with its tables for another image size."""
    for stage, embed in enumerate(model.pvt.encoder.patch_embeddings):
        old, stride = 64 // (4 * 2**stage), 4 * 2**stage
        size = (height // stride, width // stride)
        table = embed.position_embeddings.data
        first, table = table[:, : -(old**2)], table[:, -(old**2) :]
        table = table.reshape(1, old, old, -1).permute(0, 3, 1, 2)
        table = F.interpolate(table, size=size, mode="bilinear", align_corners=False)
        table = torch.cat([first, table.flatten(2).transpose(1, 2)], dim=1)
        embed.position_embeddings = nn.Parameter(table)
    return model


def gradients(module: nn.Module, logits: Tensor) -> dict[str, Any]:
    module.zero_grad()
    (logits * torch.arange(1.0, 8.0)).sum().backward()
    return {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for name, parameter in module.named_parameters()
    }


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_equals_transformers(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build(reference("transformers")), std)
    ours: Any = load(PVT(BASE).eval(), theirs.state_dict(), format="transformers")
    theirs, x = resize_tables(theirs, *size), images(*size)
    with torch.no_grad():
        out, logits = ours(x), theirs(x).logits
        expected = theirs.pvt(x).last_hidden_state  # normalised
    error = difference(out.tokens, expected[:, 1:])
    record_parity("PVT", "transformers", "tokens", error)
    record_parity(
        "PVT", "transformers", "pooled", difference(out.pooled, expected[:, 0])
    )
    record_parity("PVT", "transformers", "logits", difference(out.logits, logits))


@pytest.mark.parametrize("std", STDS)
def test_each_stage_equals_transformers(
    std, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build(reference("transformers")), std)
    ours: Any = load(PVT(BASE).eval(), theirs.state_dict(), format="transformers")
    x = images(64, 64)
    with torch.no_grad():
        maps = ours.feature_maps(x)
        states = theirs.pvt(x, output_hidden_states=True).hidden_states
    ends = [2, 4, 6, 8]  # blocks at the end of each stage; the last have CLS in front
    expected = [states[end - 1][:, int(end == 8) :] for end in ends]
    for ours_map, tokens in zip(maps, expected, strict=True):
        error = difference(ours_map.flatten(2).transpose(1, 2), tokens)
        record_parity("PVT", "transformers", "stages", error)


@pytest.mark.parametrize("std", STDS)
def test_attention_maps_equal_transformers(
    std, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build(reference("transformers")), std)
    ours: Any = load(PVT(BASE).eval(), theirs.state_dict(), format="transformers")
    theirs.set_attn_implementation("eager")
    x = images(64, 64)
    with torch.no_grad(), vislearn.layers.record_attention(ours) as maps:
        ours(x)
        expected = theirs.pvt(x, output_attentions=True).attentions
    for ours_map, theirs_map in zip(maps, expected, strict=True):
        error = difference(ours_map, theirs_map)
        record_parity("PVT", "transformers", "attention", error)


@pytest.mark.parametrize("size", [(64, 64), (64, 96)], ids=str)
@pytest.mark.parametrize("std", STDS)
def test_gradients_equal_transformers(
    std, size, reference, randomise, images, gradient_difference, record_parity
) -> None:
    theirs = randomise(build(reference("transformers")), std)
    ours: Any = load(PVT(BASE).eval(), theirs.state_dict(), format="transformers")
    theirs, x = resize_tables(theirs, *size), images(*size)
    own = gradients(ours, ours(x).logits)
    expected = from_transformers(gradients(theirs, theirs(x).logits))
    if size != (64, 64):  # a resized table is another parameter
        own = {key: value for key, value in own.items() if "pos_embed" not in key}
        expected = {key: expected[key] for key in own}
    error = gradient_difference(own, expected)
    record_parity("PVT", "transformers", "gradients", error)


@pytest.mark.parametrize("name", DEPTHS)
def test_preset_has_the_tensors_of_transformers_model(name: str, reference) -> None:
    transformers = reference("transformers")
    with torch.device("meta"):
        theirs = transformers.PvtForImageClassification(
            transformers.PvtConfig(depths=DEPTHS[name])
        )
    ours: Any = vislearn.create_model(name, num_classes=1000, device="meta")
    expected = from_transformers(theirs.state_dict())
    assert {key: tuple(value.shape) for key, value in ours.state_dict().items()} == {
        key: tuple(value.shape) for key, value in expected.items()
    }


def test_table_covers_every_preset() -> None:
    assert set(DEPTHS) == set(vislearn.list_models("pvt"))


def test_preset_has_the_preprocessing_of_transformers(reference) -> None:
    theirs = reference("transformers").PvtImageProcessor
    ours: Any = vislearn.create_model("pvt_tiny", device="meta").preprocess
    assert {"height": ours.size, "width": ours.size} == theirs.size
    assert list(ours.mean) == list(theirs.image_mean)
    assert list(ours.std) == list(theirs.image_std)
    assert theirs.resample.name.lower() == ours.interpolation
    # transformers squashes; the authors' code resizes to 256 and crops 224.
    assert int(ours.size / ours.crop) == 256


def test_transformers_cannot_run_at_another_size(reference, images) -> None:
    theirs = build(reference("transformers")).eval()
    with pytest.raises(RuntimeError, match="invalid for input"):
        theirs(images(96, 96))


def keep_the_authors_epsilon_after_convolutions(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith(("attn.norm", "patch_embed.norm")):
            module.eps = 1e-5  # invisible after the reduction alone at this size


def widen_the_epsilon_of_the_blocks(model: Any) -> None:
    for name, module in model.named_modules():
        if isinstance(module, nn.LayerNorm) and name.endswith("norm1"):
            module.eps = 1e-5


def approximate_gelu(model: Any) -> None:
    for module in model.modules():
        if isinstance(module, nn.GELU):
            module.approximate = "tanh"


def forget_the_norm_after_reduction(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith("attn"):
            module.norm = nn.Identity()


def swap_keys_and_values(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith("attn.kv"):
            module.weight.data = torch.cat(module.weight.data.chunk(2)[::-1])


def forget_positions_of_the_last_stage(model: Any) -> None:
    model.stages[3].pos_embed.data[:, 1:] = 0.0


def give_the_class_token_no_position(model: Any) -> None:
    model.stages[3].pos_embed.data[:, :1] = 0.0


def forget_the_bias_of_the_reduction(model: Any) -> None:
    for name, module in model.named_modules():
        if name.endswith("attn.sr"):
            module.bias = None


def pool_the_first_patch(model: Any) -> None:
    model.norm.register_forward_hook(lambda module, inputs, x: x.roll(-1, dims=1))


MISTAKES = [
    (keep_the_authors_epsilon_after_convolutions, 0.02),
    (widen_the_epsilon_of_the_blocks, 0.02),
    (approximate_gelu, 0.2),
    (forget_the_norm_after_reduction, 0.02),
    (swap_keys_and_values, 0.2),
    (forget_positions_of_the_last_stage, 0.2),
    (give_the_class_token_no_position, 0.2),
    (forget_the_bias_of_the_reduction, 0.2),
    (pool_the_first_patch, 0.2),
]


@pytest.mark.parametrize(
    ("mistake", "std"), MISTAKES, ids=lambda value: getattr(value, "__name__", None)
)
def test_the_tolerance_catches(mistake, std, reference, randomise, images, difference):
    theirs = randomise(build(reference("transformers")), std)
    ours: Any = load(PVT(BASE).eval(), theirs.state_dict(), format="transformers")
    mistake(ours)
    x = images(64, 64)
    with torch.no_grad():
        assert difference(ours(x).logits, theirs(x).logits) > 1e-5


def test_the_tolerance_catches_another_way_of_resizing(
    reference, randomise, images, difference, monkeypatch
) -> None:
    theirs = randomise(build(reference("transformers")), 0.2)
    ours: Any = load(PVT(BASE).eval(), theirs.state_dict(), format="transformers")
    theirs, x = resize_tables(theirs, 96, 96), images(96, 96)
    interpolate = positions.interpolate

    def bicubic(*arguments, mode, antialias, **options) -> Tensor:
        options.update(mode="bicubic", antialias=antialias)
        return interpolate(*arguments, **options)

    monkeypatch.setattr(positions, "interpolate", bicubic)
    with torch.no_grad():
        assert difference(ours(x).logits, theirs(x).logits) > 1e-5
