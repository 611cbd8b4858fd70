"""FlexiViT against timm at many patch sizes, and mistakes caught.

timm changes a model's patch size by resampling its weights (`set_input_size`), ours
resamples at every call; both start from the same stored weights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.encoders.flexivit import PATCH_SIZES, FlexiViT, FlexiViTConfig
from vislearn.layers.patches import resize_patch_embed
from vislearn.weights import load

STDS = (0.02, 0.2)
SYSTEM = "FlexiViT"
PAPER = FlexiViTConfig(  # filters as in the paper's code, positions as timm's
    img_size=48,
    patch_size=12,
    kernel_size=12,
    width=64,
    depth=2,
    heads=4,
    num_classes=7,
    pos_mode="bicubic",
)
TIMM = replace(PAPER, kernel_mode="bicubic", kernel_antialias=True)
CONFIGS = {"paper": PAPER, "timm": TIMM}
# (image, patch): smaller, larger, not square, the stored size with more patches
CASES = [
    ((48, 48), 12),
    ((48, 48), 6),
    ((48, 48), 8),
    ((48, 48), 16),
    ((48, 48), 24),
    ((60, 40), 10),
    ((40, 80), 20),
    ((72, 48), 12),
]


def build_timm(timm) -> Any:
    return timm.models.vision_transformer.VisionTransformer(
        img_size=48,
        patch_size=12,
        embed_dim=64,
        depth=2,
        num_heads=4,
        num_classes=7,
        no_embed_class=True,
    )


def at_size(timm, theirs: Any, config: FlexiViTConfig, size, patch: int) -> Any:
    """The same weights in a timm model for another image and patch size."""
    if config.kernel_mode == "bilinear":  # not timm's choice: by its own function
        kernel = timm.layers.resample_patch_embed(
            theirs.patch_embed.proj.weight.detach(),
            [patch, patch],
            interpolation="bilinear",
            antialias=False,
        )
        theirs.set_input_size(img_size=size, patch_size=patch)
        theirs.patch_embed.proj.weight = nn.Parameter(kernel)
    else:
        theirs.set_input_size(img_size=size, patch_size=patch)
    return theirs


@pytest.mark.parametrize(("size", "patch"), CASES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("rule", CONFIGS)
def test_equals_timm(
    rule, std, size, patch, reference, randomise, images, difference, record_parity
) -> None:
    timm, config = reference("timm"), CONFIGS[rule]
    theirs = randomise(build_timm(timm), std)
    ours = load(FlexiViT(config).eval(), theirs.state_dict(), format="timm")
    x = images(*size)
    with torch.no_grad():
        theirs = at_size(timm, theirs, config, size, patch)
        out, expected = ours(x, patch_size=patch), theirs.forward_features(x)
        pooled = theirs.forward_head(expected, pre_logits=True)
        record_parity(SYSTEM, "timm", "tokens", difference(out.all_tokens, expected))
        record_parity(SYSTEM, "timm", "pooled", difference(out.pooled, pooled))
        record_parity(SYSTEM, "timm", "logits", difference(out.logits, theirs(x)))


@pytest.mark.parametrize("new", PATCH_SIZES)
@pytest.mark.parametrize("old", [8, 16])
@pytest.mark.parametrize(
    ("mode", "antialias"), [("bilinear", False), ("bicubic", True)]
)
def test_resized_filters_equal_timm(
    mode, antialias, old, new, reference, difference, record_parity
) -> None:
    resample = reference("timm").layers.resample_patch_embed
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 3, old, old, generator=generator)
    expected = resample(weight, [new, new], interpolation=mode, antialias=antialias)
    ours = resize_patch_embed(weight, new, mode, antialias)
    record_parity("patch filters", "timm", "resized", difference(ours, expected))


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("patch", [8, 12, 24])
def test_gradients_of_the_stored_weights_equal_timms_resampling(
    patch, std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    """timm's functional form: its model is called with its own resampled weights."""
    timm = reference("timm")
    stored = randomise(build_timm(timm), std)
    ours = load(FlexiViT(PAPER).eval(), stored.state_dict(), format="timm")
    parameters = {
        name: value.detach().requires_grad_()
        for name, value in stored.named_parameters()
    }
    resampled = dict(parameters)
    resampled["patch_embed.proj.weight"] = timm.layers.resample_patch_embed(
        parameters["patch_embed.proj.weight"],
        [patch, patch],
        interpolation="bilinear",
        antialias=False,
    )
    resampled["pos_embed"] = timm.layers.resample_abs_pos_embed(
        parameters["pos_embed"], [48 // patch] * 2, num_prefix_tokens=0
    )
    theirs = build_timm(timm).eval()
    theirs.set_input_size(patch_size=patch)
    x = images(48, 48)
    expected = torch.func.functional_call(theirs, resampled, (x,))
    direction = torch.arange(14.0).view(2, 7)
    (expected * direction).sum().backward()
    (ours(x, patch_size=patch).logits * direction).sum().backward()
    error = gradient_difference(
        {name: value.grad for name, value in ours.named_parameters()},
        {name: value.grad for name, value in parameters.items()},
    )
    record_parity(SYSTEM, "timm", "gradients", error)


PRESETS = {
    "flexivit_s": "flexivit_small",
    "flexivit_b": "flexivit_base",
    "flexivit_l": "flexivit_large",
}


def test_table_covers_every_flexivit() -> None:
    assert set(PRESETS) == set(vislearn.list_models("flexivit"))


@pytest.mark.parametrize("name", PRESETS)
def test_preset_has_the_tensors_and_preprocessing_of_timms_model(
    name: str, reference
) -> None:
    timm = reference("timm")
    settings = timm.get_pretrained_cfg(PRESETS[name])
    with torch.device("meta"):
        theirs = timm.create_model(PRESETS[name], img_size=settings.input_size[-1])
    ours = vislearn.create_model(name, num_classes=1000, device="meta")

    def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
        return {key: tuple(value.shape) for key, value in model.state_dict().items()}

    assert shapes(ours) == shapes(theirs)
    preprocess = ours.preprocess
    assert preprocess.size == settings.input_size[-1]
    assert (preprocess.mean, preprocess.std) == (settings.mean, settings.std)
    assert preprocess.interpolation == settings.interpolation
    assert preprocess.crop == settings.crop_pct


class PlainResize(FlexiViT):
    """Filters enlarged like pictures."""

    def __init__(self, config: FlexiViTConfig, scale: bool = False) -> None:
        super().__init__(config)

        def kernel(size: int) -> Tensor:
            weight = self.patch_embed.proj.weight
            plain = nn.functional.interpolate(weight, (size, size), mode="bilinear")
            return plain * (weight.shape[-1] / size) ** 2 if scale else plain

        self.patch_embed.kernel = kernel  # type: ignore[assignment]


class NormedResize(PlainResize):
    """The same, divided by the growth of the area: right on average only."""

    def __init__(self, config: FlexiViTConfig) -> None:
        super().__init__(config, scale=True)


MISTAKES: dict[str, Any] = {
    "filters resized like pictures": PlainResize,
    "filters resized and rescaled": NormedResize,
    "bicubic filters": {"kernel_mode": "bicubic"},
    "bilinear positions": {"pos_mode": "bilinear"},
    "positions resized without smoothing": {"pos_antialias": False},
    "ε of torch's LayerNorm": {"norm_eps": 1e-5},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tolerance_catches(mistake, reference, randomise, images, difference):
    """Each mistake must exceed the tolerance at one of the two weight scales."""
    timm, change = reference("timm"), MISTAKES[mistake]
    config = replace(PAPER, **change) if isinstance(change, dict) else PAPER
    kind = change if isinstance(change, type) else FlexiViT
    errors = []
    for std in STDS:
        theirs = randomise(build_timm(timm), std)
        ours = load(kind(config).eval(), theirs.state_dict(), format="timm")
        x = images(48, 48)
        with torch.no_grad():
            theirs = at_size(timm, theirs, PAPER, (48, 48), 16)
            out = ours(x, patch_size=16)
            errors.append(difference(out.logits, theirs(x)))
    assert max(errors) > 1e-5


def test_smoothing_before_shrinking_filters_is_another_rule(reference) -> None:
    """Antialiasing only matters where the patch is smaller than the stored one."""
    weight = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    smooth = resize_patch_embed(weight, 8, antialias=True)
    plain = resize_patch_embed(weight, 8, antialias=False)
    assert (smooth - plain).abs().max() > 0.1 * plain.abs().max()
    larger = [resize_patch_embed(weight, 24, antialias=a) for a in (True, False)]
    torch.testing.assert_close(larger[0], larger[1])
