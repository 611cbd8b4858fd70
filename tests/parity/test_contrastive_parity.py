"""InfoNCE and the sigmoid loss against open_clip and transformers, and mistakes.

In float64: values, and gradients of embeddings, scale and bias; for transformers those
of all parameters of a tiny model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vislearn.losses import (
    info_nce,
    info_nce_blocked,
    sigmoid_loss,
    sigmoid_loss_blocked,
)

N, E = 6, 16
TOLERANCE = 1e-10
SCALES = (1.0, 1 / 0.07, 100.0)


def rows(seed: int, count: int = N) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, E, generator=generator, dtype=torch.float64)


RAW_IMAGE, RAW_TEXT = rows(0), rows(0) + rows(1)
IMAGE, TEXT = F.normalize(RAW_IMAGE, dim=1), F.normalize(RAW_TEXT, dim=1)


def leaves(*values: float, count: int | None = None) -> list[Tensor]:
    """Embeddings and numbers that require gradients."""
    numbers = [torch.tensor(value, dtype=torch.float64) for value in values]
    embeddings = [IMAGE[:count].clone(), TEXT[:count].clone()]
    return [x.requires_grad_() for x in embeddings + numbers]


def run(loss: Callable[..., Tensor], inputs: list[Tensor]) -> dict[str, Tensor]:
    """The value, and the gradient of every input by its position."""
    value = loss(*inputs)
    gradients = torch.autograd.grad(value, inputs)
    return {"loss": value.detach(), **{str(i): g for i, g in enumerate(gradients)}}


@pytest.fixture
def compare(difference, gradient_difference, record_parity) -> Callable[..., None]:
    def check(system: str, reference: str, ours: dict, theirs: dict) -> None:
        error = difference(ours.pop("loss"), theirs.pop("loss"))
        record_parity(system, reference, "loss", error, TOLERANCE)
        error = gradient_difference(ours, theirs)
        record_parity(system, reference, "gradients", error, TOLERANCE)

    return check


BOTH_WAYS = pytest.mark.parametrize("way", ["dense", "blocked"])
Loss = Callable[..., Tensor]
LOSSES: dict[str, tuple[Loss, Loss]] = {
    "dense": (info_nce, sigmoid_loss),
    "blocked": (
        partial(info_nce_blocked, block=4),
        partial(sigmoid_loss_blocked, block=4),
    ),
}


@BOTH_WAYS
@pytest.mark.parametrize("scale", SCALES)
def test_info_nce_equals_the_loss_of_open_clip(way, scale, reference, compare) -> None:
    theirs = reference("open_clip").loss.ClipLoss()
    compare(
        f"InfoNCE, {way}",
        "open_clip",
        run(LOSSES[way][0], leaves(scale)),
        run(theirs, leaves(scale)),
    )


def test_info_nce_of_one_pair_is_zero_as_in_open_clip(reference) -> None:
    theirs = run(reference("open_clip").loss.ClipLoss(), leaves(14.0, count=1))
    ours = run(info_nce, leaves(14.0, count=1))
    assert all(float(x.abs().max()) == 0 for x in theirs.values())
    assert all(float(x.abs().max()) == 0 for x in ours.values())


@BOTH_WAYS
@pytest.mark.parametrize("bias", [-10.0, 0.0, 3.0])
@pytest.mark.parametrize("scale", SCALES)
def test_sigmoid_loss_equals_the_loss_of_open_clip(
    way, scale, bias, reference, compare
) -> None:
    theirs = reference("open_clip").loss.SigLipLoss()
    compare(
        f"sigmoid loss, {way}",
        "open_clip",
        run(LOSSES[way][1], leaves(scale, bias)),
        run(theirs, leaves(scale, bias)),
    )


SMALL = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}
TEXT_OPTIONS = {
    **SMALL,
    "vocab_size": 40,
    "max_position_embeddings": 8,
    "bos_token_id": 38,
    "eos_token_id": 39,
    "pad_token_id": 0,
}
VISION_OPTIONS = {**SMALL, "image_size": 8, "patch_size": 4}


def transformers_model(transformers, family: str, randomise) -> Any:
    """A tiny CLIPModel or SiglipModel in float64, scale and bias as in the papers."""
    settings = getattr(transformers, f"{family}Config")(
        text_config=TEXT_OPTIONS,
        vision_config=VISION_OPTIONS,
        **({"projection_dim": 12} if family == "CLIP" else {}),
    )
    model = randomise(getattr(transformers, f"{family}Model")(settings), 0.2).double()
    with torch.no_grad():
        model.logit_scale.fill_(math.log(10 if family == "Siglip" else 1 / 0.07))
        if family == "Siglip":  # transformers leaves both at 0
            model.logit_bias.fill_(-10.0)
    return model


@BOTH_WAYS
@pytest.mark.parametrize("family", ["CLIP", "Siglip"])
def test_losses_equal_those_of_transformers_down_to_every_parameter(
    family, way, reference, randomise, compare
) -> None:
    model = transformers_model(reference("transformers"), family, randomise)
    generator = torch.Generator().manual_seed(2)
    pixels = torch.randn(N, 3, 8, 8, generator=generator, dtype=torch.float64)
    ids = torch.randint(1, 38, (N, 8), generator=generator)
    ids[:, -1] = 39
    out = model(input_ids=ids, pixel_values=pixels, return_loss=True)
    scale = model.logit_scale.exp()
    if family == "CLIP":
        value = LOSSES[way][0](out.image_embeds, out.text_embeds, scale)
    else:
        bias = model.logit_bias
        value = LOSSES[way][1](out.image_embeds, out.text_embeds, scale, bias)
    parameters = dict(model.named_parameters())

    def result(loss: Tensor) -> dict[str, Tensor]:
        gradients = torch.autograd.grad(
            loss, list(parameters.values()), retain_graph=True, materialize_grads=True
        )
        named = dict(zip(parameters, gradients, strict=True))
        return {"loss": loss.detach(), **named}

    system = "InfoNCE" if family == "CLIP" else "sigmoid loss"
    compare(f"{system}, {way}", "transformers", result(value), result(out.loss))


# Deliberate mistakes: each must be far outside the tolerance. -------------------------

SCALE, BIAS = 1 / 0.07, -10.0
TABLE = SCALE * IMAGE @ TEXT.T
Z = 2 * torch.eye(N, dtype=torch.float64) - 1
OWN = torch.arange(N)
CLIP_MISTAKES: dict[str, Callable[[], Tensor]] = {
    "images choose, texts do not": lambda: F.cross_entropy(TABLE, OWN),
    "texts choose, images do not": lambda: F.cross_entropy(TABLE.T, OWN),
    "both added": lambda: 2 * info_nce(IMAGE, TEXT, SCALE),
    "labels shifted by one": lambda: info_nce(IMAGE, TEXT.roll(1, 0), SCALE),
    "not normalised": lambda: info_nce(RAW_IMAGE, RAW_TEXT, SCALE),
    "temperature not exponentiated": lambda: info_nce(IMAGE, TEXT, math.log(SCALE)),
    "divided by the scale": lambda: info_nce(IMAGE, TEXT, 1 / SCALE),
    "own pair left out of the sum": lambda: (
        TABLE.masked_fill(Z > 0, -math.inf).logsumexp(1) - TABLE.diagonal()
    ).mean(),
}
SIGLIP_MISTAKES: dict[str, Callable[[], Tensor]] = {
    "bias outside the label": lambda: -F.logsigmoid(Z * TABLE - BIAS).sum() / N,
    "sign of the bias": lambda: -F.logsigmoid(Z * (TABLE - BIAS)).sum() / N,
    "mean over the pairs": lambda: sigmoid_loss(IMAGE, TEXT, SCALE, BIAS) / N,
    "labels 0 and 1": lambda: -F.logsigmoid((Z > 0) * (TABLE + BIAS)).sum() / N,
    "diagonal only": lambda: -F.logsigmoid(TABLE + BIAS).diagonal().mean(),
    "labels shifted by one": lambda: sigmoid_loss(IMAGE, TEXT.roll(1, 0), SCALE, BIAS),
    "not normalised": lambda: sigmoid_loss(RAW_IMAGE, RAW_TEXT, SCALE, BIAS),
    "temperature not exponentiated": lambda: sigmoid_loss(
        IMAGE, TEXT, math.log(SCALE), BIAS
    ),
    "bias forgotten": lambda: sigmoid_loss(IMAGE, TEXT, SCALE, 0.0),
}


@pytest.mark.parametrize("mistake", CLIP_MISTAKES)
def test_the_tolerance_catches_in_info_nce(mistake, reference, difference) -> None:
    theirs = reference("open_clip").loss.ClipLoss()(IMAGE, TEXT, SCALE)
    assert difference(info_nce(IMAGE, TEXT, SCALE), theirs) < TOLERANCE
    assert difference(CLIP_MISTAKES[mistake](), theirs) > 1e-3


@pytest.mark.parametrize("mistake", SIGLIP_MISTAKES)
def test_the_tolerance_catches_in_the_sigmoid_loss(
    mistake, reference, difference
) -> None:
    theirs = reference("open_clip").loss.SigLipLoss()(IMAGE, TEXT, SCALE, BIAS)
    assert difference(sigmoid_loss(IMAGE, TEXT, SCALE, BIAS), theirs) < TOLERANCE
    assert difference(SIGLIP_MISTAKES[mistake](), theirs) > 1e-3
