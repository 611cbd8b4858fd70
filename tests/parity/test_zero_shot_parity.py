"""Classifiers made of text against open_clip's, with one and the same text tower."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from vislearn.evaluate import TEMPLATES, classifier, zero_shot_logits
from vislearn.tokenizers import CLIPTokenizer

NAMES = ["cat", "large red star", "작은 빨간 원", "snowman without snow"]
TOLERANCE = 1.2e-7  # two units in the last place of numbers below 1


@pytest.fixture
def open_clip(reference) -> Any:
    return reference("open_clip")


@pytest.fixture
def tower(open_clip, randomise) -> Any:
    model = open_clip.model.CLIP(
        embed_dim=24,
        vision_cfg={"image_size": 32, "patch_size": 16, "width": 32, "layers": 1,
                    "head_width": 16},
        text_cfg={"width": 32, "heads": 2, "layers": 2},
    )  # fmt: skip
    return randomise(model, 0.05)


@pytest.mark.parametrize("templates", [("{}",), TEMPLATES["en"], TEMPLATES["ko"]])
@pytest.mark.parametrize("batch", [1, 3, 256])
def test_the_classifier_is_that_of_open_clip(
    open_clip, tower, templates, batch, difference, record_parity
) -> None:
    theirs = open_clip.build_zero_shot_classifier(
        tower, open_clip.SimpleTokenizer(), NAMES, templates
    )
    ours = classifier(tower.encode_text, CLIPTokenizer(), NAMES, templates, batch)
    error = float((ours.T - theirs).abs().max())
    record_parity("Zero-shot ensembling", "open_clip", "weights", error, TOLERANCE)


def test_templates_may_be_functions(open_clip, tower, record_parity) -> None:
    templates = [lambda name: f"{name}!", lambda name: f"oh, {name}"]
    theirs = open_clip.build_zero_shot_classifier(
        tower, open_clip.SimpleTokenizer(), NAMES, templates
    )
    ours = classifier(tower.encode_text, CLIPTokenizer(), NAMES, templates)
    error = float((ours.T - theirs).abs().max())
    record_parity("Zero-shot ensembling", "open_clip", "weights", error, TOLERANCE)


def test_scaled_logits_are_those_of_open_clip(
    open_clip, tower, difference, record_parity
) -> None:
    images = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    weights = classifier(tower.encode_text, CLIPTokenizer(), NAMES)
    with torch.no_grad():
        seen = tower.encode_image(images, normalize=True)
        theirs = tower.logit_scale.exp() * seen @ weights.T
        raw = tower.encode_image(images)
    ours = zero_shot_logits(raw, weights, tower.logit_scale.exp().item())
    error = difference(ours, theirs)
    record_parity("Zero-shot ensembling", "open_clip", "logits", error)


def test_averaging_before_normalising_is_another_classifier(open_clip, tower) -> None:
    def lengthy(ids: Tensor) -> Tensor:
        return tower.encode_text(ids)  # of many lengths

    templates = TEMPLATES["en"]
    tokens = CLIPTokenizer()(
        [template.format(name) for name in NAMES for template in templates]
    )
    with torch.no_grad():
        raw = lengthy(tokens).unflatten(0, (len(NAMES), len(templates))).mean(1)
    wrong = torch.nn.functional.normalize(raw, dim=-1)
    theirs = open_clip.build_zero_shot_classifier(
        tower, open_clip.SimpleTokenizer(), NAMES, templates
    )
    assert float((wrong.T - theirs).abs().max()) > 1e3 * TOLERANCE
