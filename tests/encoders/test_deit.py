"""DeiT: one more token, one more head; without distillation it is ViT."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import vislearn
from vislearn.budget.tokens import model_tokens
from vislearn.encoders.deit import DistilledOutput, DistilledViT, DistilledViTConfig
from vislearn.encoders.vit import ViT
from vislearn.layers.attention import record_attention

TINY = {"img_size": 32, "patch_size": 8, "width": 32, "depth": 2, "heads": 4}


def tiny(**options) -> Any:
    torch.manual_seed(0)
    return DistilledViT(DistilledViTConfig(**{**TINY, **options})).eval()


@pytest.mark.parametrize("pos", ["learned", "factorised", "sincos_2d", "none"])
@pytest.mark.parametrize("size", [(32, 32), (24, 40)])
def test_output_has_two_prefix_tokens_and_the_grid(size, pos) -> None:
    model = tiny(pos=pos)
    out = model(torch.randn(2, 3, *size))
    h, w = size[0] // 8, size[1] // 8
    assert out.grid == (h, w)
    assert out.tokens.shape == (2, h * w, 32)
    assert out.prefix.shape == (2, 2, 32)
    assert model.config.prefix == 2


def test_order_is_cls_then_dist_then_registers_then_patches() -> None:
    model = tiny(registers=2, pos="none")
    images = torch.randn(1, 3, 32, 32)
    x = model.embed(images)
    assert torch.equal(x[:, :1], model.cls_token)
    assert torch.equal(x[:, 1:2], model.dist_token)
    assert torch.equal(x[:, 2:4], model.reg_token)
    assert torch.equal(x[:, 4:], model.patch_embed(images))


def test_both_tokens_have_rows_in_the_position_table() -> None:
    model = tiny()
    assert model.pos_embed.shape == (1, 2 + 16, 32)
    x = model.embed(torch.randn(1, 3, 32, 32))
    torch.testing.assert_close(x[:, 1], model.dist_token[0] + model.pos_embed[:, 1])


@pytest.mark.parametrize("training", [True, False])
def test_each_head_reads_its_own_token_in_training_and_in_eval_mode(training) -> None:
    model = tiny(num_classes=5).train(training)
    out: Any = model(torch.randn(2, 3, 32, 32))
    assert DistilledOutput in type(out).__mro__
    torch.testing.assert_close(out.class_logits, model.head(out.prefix[:, 0]))
    torch.testing.assert_close(out.distill_logits, model.head_dist(out.prefix[:, 1]))
    mean = torch.stack([out.class_logits, out.distill_logits]).mean(0)
    torch.testing.assert_close(out.logits, mean)
    torch.testing.assert_close(out.pooled, out.prefix.mean(1))


def test_a_head_on_the_pooled_token_is_something_else() -> None:
    model = tiny(num_classes=5)
    out = model(torch.randn(2, 3, 32, 32))
    assert not torch.allclose(out.logits, model.head(out.pooled), atol=1e-3)


def test_model_without_classes_has_no_logits_at_all() -> None:
    out = tiny()(torch.randn(1, 3, 32, 32))
    assert (out.logits, out.class_logits, out.distill_logits) == (None, None, None)


def test_a_loss_on_one_head_leaves_the_other_alone() -> None:
    model = tiny(num_classes=5)
    model(torch.randn(2, 3, 32, 32)).distill_logits.square().sum().backward()
    assert model.head.weight.grad is None
    assert model.head_dist.weight.grad.abs().max() > 0
    assert model.cls_token.grad.abs().max() > 0  # through attention


def test_every_parameter_receives_a_gradient() -> None:
    model = tiny(num_classes=3, registers=1)
    model(torch.randn(2, 3, 32, 32)).logits.square().sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


def test_fresh_distillation_token_is_drawn_like_the_positions() -> None:
    torch.manual_seed(0)
    model: Any = vislearn.create_model("deit_b16_distilled", depth=1, num_classes=10)
    model.requires_grad_(False)
    assert float(model.dist_token.std()) == pytest.approx(0.02, rel=0.1)
    assert float(model.cls_token.std()) < 1e-5
    assert float(model.head_dist.weight.std()) == pytest.approx(0.02, rel=0.05)
    assert (model.head_dist.bias == 0).all()


def test_attention_maps_have_a_row_for_the_distillation_token() -> None:
    model = tiny()
    with torch.no_grad(), record_attention(model) as maps:
        model(torch.randn(1, 3, 32, 32))
    assert [tuple(m.shape) for m in maps] == [(1, 4, 18, 18)] * 2


SIZES = {
    "deit_ti16": (5_524_416, 5_717_416, 197),
    "deit_s16": (21_665_664, 22_050_664, 197),
    "deit_b16": (85_798_656, 86_567_656, 197),
    "deit_ti16_distilled": (5_524_800, 5_910_800, 198),
    "deit_s16_distilled": (21_666_432, 22_436_432, 198),
    "deit_b16_distilled": (85_800_192, 87_338_192, 198),
}


def test_sizes_are_known_for_every_preset() -> None:
    assert set(SIZES) == set(vislearn.list_models("deit"))


@pytest.mark.parametrize("name", SIZES)
def test_presets_have_the_published_number_of_parameters_and_tokens(name) -> None:
    def count(**options) -> int:
        model = vislearn.create_model(name, device="meta", **options)
        return sum(parameter.numel() for parameter in model.parameters())

    without, with_heads, tokens = SIZES[name]
    assert (count(), count(num_classes=1000)) == (without, with_heads)
    assert model_tokens(name) == tokens
    model = vislearn.create_model(name, device="meta", img_size=(64, 96))
    assert model(torch.empty(1, 3, 64, 96, device="meta")).grid == (4, 6)


def test_distillation_costs_one_token_its_position_and_a_head() -> None:
    for name in ("deit_ti16", "deit_s16", "deit_b16"):
        width = vislearn.create_model(name, device="meta").config.width
        plain, distilled = SIZES[name], SIZES[f"{name}_distilled"]
        assert distilled[0] - plain[0] == 2 * width
        assert distilled[1] - plain[1] == 2 * width + 1000 * width + 1000


def test_without_distillation_deit_is_vit() -> None:
    deit = vislearn.create_model("deit_s16", device="meta")
    vit = vislearn.create_model("vit_s16", device="meta")
    assert type(deit) is ViT
    assert deit.config == vit.config
    assert deit.preprocess != vit.preprocess


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "gap"}, "pooling must be 'cls', got 'gap'"),
        ({"pooling": "map"}, "pooling must be 'cls', got 'map'"),
        ({"class_token": False}, "pooling 'cls' needs class_token=True"),
        ({"img_size": 30}, "img_size 30 is not divisible by patch_size 8"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (1, 3, 33, 32)])
def test_impossible_images_are_refused(shape) -> None:
    with pytest.raises(ValueError, match=r"expected images|not divisible"):
        tiny()(torch.zeros(shape))
