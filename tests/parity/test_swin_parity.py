"""Swin against torchvision, timm and transformers, and mistakes caught.

timm rolls before it pads, and transformers rolls in neither direction where one window
covers a side (see the head of `vislearn/encoders/swin.py`): both are compared at sizes
where that makes no difference, torchvision at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders import swin
from vislearn.encoders.swin import PatchMerging, Swin, SwinConfig
from vislearn.layers.attention import record_attention
from vislearn.layers.windows import WindowAttention
from vislearn.weights import load
from vislearn.weights.swin_names import FORMATS, from_torchvision, from_transformers

STDS = (0.02, 0.2)
DIVISIBLE = ((32, 32), (48, 48), (32, 64))  # maps of 16, 24, 16 × 32 tokens, and halves
PADDED = ((36, 36), (28, 44), (26, 50))  # 18, 14 × 22, 13 × 25; the last merges 3 odd
SMALL = ((8, 8), (16, 8), (6, 32))  # a side that one window covers, from the start
BASE = SwinConfig(
    img_size=32,
    patch_size=2,
    width=16,
    depths=(2, 2),
    heads=(2, 4),
    window=4,
    num_classes=7,
)


def build_torchvision(torchvision) -> nn.Module:
    return torchvision.models.swin_transformer.SwinTransformer(
        patch_size=[2, 2],
        embed_dim=16,
        depths=[2, 2],
        num_heads=[2, 4],
        window_size=[4, 4],
        num_classes=7,
    )


def build_timm(timm) -> nn.Module:
    return timm.models.swin_transformer.SwinTransformer(
        img_size=32,
        patch_size=2,
        embed_dim=16,
        depths=(2, 2),
        num_heads=(2, 4),
        window_size=4,
        num_classes=7,
    )


def build_transformers(transformers) -> nn.Module:
    settings = transformers.SwinConfig(
        image_size=32,
        patch_size=2,
        embed_dim=16,
        depths=[2, 2],
        num_heads=[2, 4],
        window_size=4,
        num_labels=7,
    )
    return transformers.SwinForImageClassification(settings)


BUILD = {
    "torchvision": build_torchvision,
    "timm": build_timm,
    "transformers": build_transformers,
}


def last_map(package: str, model: nn.Module, x: Tensor) -> Tensor:
    """The normalised map of the last stage (B, h, w, D)."""
    if package == "torchvision":
        return model.norm(model.features(x))
    if package == "timm":
        return model.forward_features(x)
    tokens = model.swin(x).last_hidden_state
    h, w = (side // 4 for side in x.shape[-2:])
    return tokens.unflatten(1, (h, w))


def gradients(module: nn.Module, logits: Tensor) -> dict[str, Tensor]:
    module.zero_grad()
    (logits * torch.arange(1.0, 8.0)).sum().backward()
    return {name: parameter.grad for name, parameter in module.named_parameters()}


@pytest.mark.parametrize("size", DIVISIBLE, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("package", BUILD)
def test_equals_every_reference_where_windows_fit(
    package, std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(BUILD[package](reference(package)), std)
    if package == "timm":
        theirs.set_input_size(size, window_size=4)
    config = replace(BASE, img_size=size)
    ours = load(Swin(config).eval(), theirs.state_dict(), format=package)
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), last_map(package, theirs, x)
        tokens, pooled = expected.flatten(1, 2), expected.mean((1, 2))
        logits = theirs(x)
        logits = logits.logits if package == "transformers" else logits
    record_parity("Swin", package, "tokens", difference(out.tokens, tokens))
    record_parity("Swin", package, "pooled", difference(out.pooled, pooled))
    record_parity("Swin", package, "logits", difference(out.logits, logits))


@pytest.mark.parametrize("size", [*PADDED, *SMALL], ids=str)
@pytest.mark.parametrize("std", STDS)
def test_padded_and_small_maps_equal_torchvision(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_torchvision(reference("torchvision")), std)
    ours = load(Swin(BASE).eval(), theirs.state_dict(), format="torchvision")
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), last_map("torchvision", theirs, x)
        error = difference(out.tokens, expected.flatten(1, 2))
        record_parity("Swin, padded", "torchvision", "tokens", error)
        error = difference(out.logits, theirs(x))
        record_parity("Swin, padded", "torchvision", "logits", error)


@pytest.mark.parametrize("size", PADDED, ids=str)
@pytest.mark.parametrize("std", STDS)
def test_padded_maps_equal_transformers(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_transformers(reference("transformers")), std)
    ours = load(Swin(BASE).eval(), theirs.state_dict(), format="transformers")
    x = images(*size)
    with torch.no_grad():
        error = difference(ours(x).logits, theirs(x).logits)
    record_parity("Swin, padded", "transformers", "logits", error)


@pytest.mark.parametrize(
    ("package", "size"), [("timm", (36, 36)), ("transformers", (16, 32))]
)
def test_others_differ_where_the_head_of_swin_says_so(
    package, size, reference, randomise, images, difference
) -> None:
    theirs = randomise(BUILD[package](reference(package)), 0.2)
    ours = load(Swin(BASE).eval(), theirs.state_dict(), format=package)
    if package == "timm":
        theirs.set_input_size(size, window_size=4)
    x = images(*size)
    with torch.no_grad():
        expected = last_map(package, theirs, x).flatten(1, 2)
        assert difference(ours(x).tokens, expected) > 1e-4


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize(
    ("package", "size"),
    [
        ("torchvision", (32, 64)),
        ("torchvision", (28, 44)),
        ("timm", (32, 32)),
        ("transformers", (32, 32)),
    ],
)
def test_gradients_equal(
    package, size, std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    theirs = randomise(BUILD[package](reference(package)), std)
    ours = load(Swin(BASE).eval(), theirs.state_dict(), format=package)
    x = images(*size)
    logits = theirs(x)
    logits = logits.logits if package == "transformers" else logits
    expected = FORMATS[package](gradients(theirs, logits))
    error = gradient_difference(gradients(ours, ours(x).logits), expected)
    record_parity("Swin", package, "gradients", error)


@pytest.mark.parametrize("std", STDS)
def test_maps_of_every_stage_equal_torchvision_and_timm(
    std, reference, randomise, images, difference, record_parity
) -> None:
    x = images(32, 32)
    tv = randomise(build_torchvision(reference("torchvision")), std)
    timm = randomise(build_timm(reference("timm")), std)
    with torch.no_grad():
        first = tv.features[1](tv.features[0](x))
        second = tv.features[3](tv.features[2](first))
        ours = load(Swin(BASE).eval(), tv.state_dict(), format="torchvision")
        for own, other in zip(ours.feature_maps(x), (first, second), strict=True):
            error = difference(own, other.permute(0, 3, 1, 2))
            record_parity("Swin", "torchvision", "stages", error)
        load(ours, timm.state_dict(), format="timm")
        theirs = timm.forward_intermediates(x, intermediates_only=True)
        for own, other in zip(ours.feature_maps(x), theirs, strict=True):
            record_parity("Swin", "timm", "stages", difference(own, other))


@pytest.mark.parametrize("std", STDS)
def test_recorded_windows_equal_those_of_transformers(
    std, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_transformers(reference("transformers")), std)
    theirs.set_attn_implementation("eager")
    ours = load(Swin(BASE).eval(), theirs.state_dict(), format="transformers")
    x = images(32, 32)
    with torch.no_grad(), record_attention(ours) as maps:
        ours(x)
        # The weights of the last block of each stage, which has shifted windows.
        expected = theirs(x, output_attentions=True).attentions
    for own, other in zip(maps[1::2], expected, strict=True):
        error = difference(own, other)
        record_parity("Swin", "transformers", "attention", error)


@pytest.mark.parametrize("package", BUILD)
def test_every_name_is_translated(package, reference) -> None:
    theirs = BUILD[package](reference(package)).state_dict()
    assert set(FORMATS[package](theirs)) == set(Swin(BASE).state_dict())


def test_names_of_transformers_4_are_understood(reference, randomise) -> None:
    theirs = randomise(build_transformers(reference("transformers")), 0.2).state_dict()
    old = {}
    for key, value in theirs.items():
        for new_name, old_name in {
            "attention.q_proj": "attention.self.query",
            "attention.k_proj": "attention.self.key",
            "attention.v_proj": "attention.self.value",
            "attention.o_proj": "attention.output.dense",
            "attention.relative_position_bias": "attention.self",
            "mlp.fc1": "intermediate.dense",
            "mlp.fc2": "output.dense",
        }.items():
            key = key.replace(f".{new_name}.", f".{old_name}.")
        old[key] = value
    old["swin.encoder.layers.0.blocks.0.attention.self.relative_position_index"] = (
        torch.zeros(16, 16, dtype=torch.int64)
    )
    old["swin.embeddings.mask_token"] = torch.zeros(1, 1, 16)
    assert old.keys() != theirs.keys()
    expected, translated = from_transformers(theirs), from_transformers(old)
    assert translated.keys() == expected.keys()
    assert all(torch.equal(translated[key], expected[key]) for key in expected)


def break_epsilon(model: Swin) -> None:
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-6


def break_gelu(model: Swin) -> None:
    for module in model.modules():
        if isinstance(module, nn.GELU):
            module.approximate = "tanh"


def lose_the_bias(model: Swin) -> None:
    for module in model.modules():
        if isinstance(module, WindowAttention):
            module.relative_position_bias_table.data.zero_()


def turn_the_bias_around(model: Swin) -> None:
    """Key minus query instead of query minus key."""
    for module in model.modules():
        if isinstance(module, WindowAttention):
            index = module.relative_position_index.view(16, 16)
            module.relative_position_index = index.T.flatten()


def lose_the_shift(model: Swin) -> None:
    for stage in model.layers:
        for block in stage.blocks:
            block.shift = 0


def lose_the_mask(model: Swin) -> None:
    for stage in model.layers:
        stage.make_mask = lambda grid: None
        stage.mask = None


def roll_the_other_way(model: Swin) -> None:
    for stage in model.layers:
        for block in stage.blocks:
            block.shift = -block.shift


def merge_row_by_row(model: Swin) -> None:
    for module in model.modules():
        if isinstance(module, PatchMerging):
            quarters = module.reduction.weight.data.chunk(4, dim=1)
            module.reduction.weight.data = torch.cat(
                [quarters[place] for place in (0, 2, 1, 3)], dim=1
            )


def forget_the_scale(model: Swin) -> None:
    for module in model.modules():
        if isinstance(module, WindowAttention):
            module.qkv.weight.data[: module.proj.in_features] *= 8**0.5


MISTAKES: dict[Callable[[Swin], None], float] = {
    break_epsilon: 0.02,
    break_gelu: 0.2,
    lose_the_bias: 0.2,
    turn_the_bias_around: 0.2,
    lose_the_shift: 0.2,
    lose_the_mask: 0.2,
    roll_the_other_way: 0.2,
    merge_row_by_row: 0.2,
    forget_the_scale: 0.2,
}


@pytest.mark.parametrize(
    ("mistake", "std"),
    MISTAKES.items(),
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_tolerance_catches(
    mistake, std, reference, randomise, images, difference
) -> None:
    theirs = randomise(build_torchvision(reference("torchvision")), std)
    ours = load(Swin(BASE).eval(), theirs.state_dict(), format="torchvision")
    x = images(32, 64)
    with torch.no_grad():
        expected = last_map("torchvision", theirs, x).flatten(1, 2)
        assert difference(ours(x).tokens, expected) < 1e-5
        mistake(ours)
        assert difference(ours(x).tokens, expected) > 1e-4


def test_the_tolerance_catches_rolling_before_padding(
    monkeypatch, reference, randomise, images, difference
) -> None:
    theirs = randomise(build_torchvision(reference("torchvision")), 0.2)
    ours = load(Swin(BASE).eval(), theirs.state_dict(), format="torchvision")
    x = images(36, 36)
    pad = swin.pad_to_windows

    def roll_pad_and_roll_back(x: Tensor, window: int) -> Tensor:
        if window == 2:  # the merging pads, too
            return pad(x, window)
        return pad(x.roll((-2, -2), (1, 2)), window).roll((2, 2), (1, 2))

    monkeypatch.setattr(swin, "pad_to_windows", roll_pad_and_roll_back)
    with torch.no_grad():
        expected = last_map("torchvision", theirs, x).flatten(1, 2)
        assert difference(ours(x).tokens, expected) > 1e-4


NAMES = {"swin_t": "tiny", "swin_s": "small", "swin_b": "base", "swin_l": "large"}


def test_table_covers_every_preset_of_the_family() -> None:
    assert set(NAMES) == set(vislearn.list_models("swin"))


def shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in state.items()}


@pytest.mark.parametrize("name", NAMES)
def test_preset_has_the_tensors_of_timms_model(name: str, reference) -> None:
    timm = reference("timm")
    theirs_name = f"swin_{NAMES[name]}_patch4_window7_224"
    with torch.device("meta"):
        theirs = timm.create_model(theirs_name)
    ours = vislearn.create_model(name, num_classes=1000, device="meta")
    assert shapes(ours.state_dict()) == shapes(FORMATS["timm"](theirs.state_dict()))
    settings = timm.get_pretrained_cfg(theirs_name)
    own = ours.preprocess
    assert (own.size, own.crop) == (settings.input_size[-1], settings.crop_pct)
    assert (own.mean, own.std) == (settings.mean, settings.std)
    assert own.interpolation == settings.interpolation


@pytest.mark.parametrize("name", ["swin_t", "swin_s", "swin_b"])
def test_preset_has_the_tensors_of_torchvisions_model(name: str, reference) -> None:
    torchvision = reference("torchvision")
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)()
    ours = vislearn.create_model(name, num_classes=1000, device="meta")
    assert shapes(ours.state_dict()) == shapes(from_torchvision(theirs.state_dict()))
