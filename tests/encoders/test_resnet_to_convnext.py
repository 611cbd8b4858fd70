"""The steps begin at our ResNet-50, end at our ConvNeXt-T and cost what they should."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from torch import nn

import vislearn
from vislearn.budget.flops import count_flops
from vislearn.encoders.resnet_to_convnext import STEPS, StepConfig, StepNet
from vislearn.show.diffs import config_diff

# arXiv:2201.03545, Table 10: GFLOPs (multiply-adds) of each step. The last two rows
# are left out: norms are counted there and not here (4.46 and 4.49 in the paper).
PAPER = {
    "ResNet-50": 4.09,
    "stage ratio": 4.53,
    "patchify stem": 4.42,
    "depth-wise convolution": 2.35,
    "wider": 5.27,
    "inverted bottleneck": 4.64,
    "depth-wise first": 4.07,
    "kernel 7 × 7": 4.15,
    "GELU": 4.15,
    "one activation": 4.15,
    "one norm": 4.15,
}


def on_meta(config: StepConfig) -> StepNet:
    with torch.device("meta"):
        return StepNet(config)


def random_weights(module: nn.Module) -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.1)


@pytest.mark.parametrize("name", PAPER)
def test_step_has_the_multiply_adds_of_the_paper(name: str) -> None:
    assert round(count_flops(on_meta(STEPS[name])) / 1e9, 2) == PAPER[name]


def test_the_steps_of_the_table_are_all_but_the_last_two() -> None:
    assert [*PAPER, "LayerNorm", "separate down-sampling"] == list(STEPS)


def test_the_first_step_is_our_resnet_50() -> None:
    tiny = replace(STEPS["ResNet-50"], depths=(1, 2), width=8, num_classes=5)
    ours = StepNet(tiny).eval()
    resnet = vislearn.create_model(
        "resnet50", depths=(1, 2), width=8, num_classes=5
    ).eval()
    random_weights(resnet)
    state = list(resnet.state_dict().values())
    names = list(ours.state_dict())
    ours.load_state_dict(dict(zip(names, state, strict=True)))
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(ours(images).logits, resnet(images).logits)
    full = vislearn.create_model("resnet50", num_classes=1000, device="meta")
    shapes = [tuple(value.shape) for value in full.state_dict().values()]
    step = on_meta(STEPS["ResNet-50"]).state_dict().values()
    assert [tuple(value.shape) for value in step] == shapes


def test_the_last_step_is_our_convnext_t_without_layer_scale() -> None:
    tiny = replace(
        STEPS["separate down-sampling"], depths=(1, 2), width=8, num_classes=5
    )
    ours = StepNet(tiny).eval()
    convnext = vislearn.create_model(
        "convnext_t", depths=(1, 2), widths=(8, 16), layer_scale=None, num_classes=5
    ).eval()
    random_weights(convnext)
    own = ours.state_dict()
    state = zip(own, convnext.state_dict().values(), strict=True)
    # a linear layer (out, in) is a 1×1 convolution (out, in, 1, 1)
    ours.load_state_dict({key: value.view_as(own[key]) for key, value in state})
    images = torch.randn(2, 3, 64, 96)
    torch.testing.assert_close(ours(images).logits, convnext(images).logits)
    torch.testing.assert_close(ours(images).tokens, convnext(images).tokens)


def test_the_last_step_lacks_nothing_but_layer_scale() -> None:
    full = vislearn.create_model("convnext_t", num_classes=1000, device="meta")
    scales = sum(p.numel() for n, p in full.named_parameters() if n.endswith("gamma"))
    count = sum(p.numel() for p in full.parameters())
    step = on_meta(STEPS["separate down-sampling"])
    assert sum(p.numel() for p in step.parameters()) == count - scales


@pytest.mark.parametrize("name", STEPS)
def test_every_step_runs_and_can_be_trained(name: str) -> None:
    torch.manual_seed(0)
    config = replace(STEPS[name], depths=(1, 1, 1, 1), width=8, num_classes=3)
    model = StepNet(config)
    out = model(torch.randn(2, 3, 64, 96))
    assert out.grid == (2, 3)
    out.logits.square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_neighbouring_steps_differ_in_a_few_lines() -> None:
    names = list(STEPS)
    for before, after in itertools.pairwise(names):
        lines = config_diff(STEPS[before], STEPS[after]).splitlines()
        assert 1 <= len(lines) <= 26, (before, after, len(lines))
