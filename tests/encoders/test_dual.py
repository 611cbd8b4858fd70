"""Two towers: lengths, scales, widths, and numbers that must not overflow."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from vislearn.encoders.dual import DualEncoder, check_widths, unit
from vislearn.encoders.resnet import ResNet, ResNetConfig
from vislearn.encoders.text import TextConfig, TextTransformer
from vislearn.encoders.vit import ViT, ViTConfig


def image_tower(width: int = 16) -> ViT:
    return ViT(ViTConfig(img_size=16, patch_size=8, width=width, depth=1, heads=2))


def text_tower(embed_dim: int = 16) -> TextTransformer:
    return TextTransformer(
        TextConfig(
            vocab_size=20, context=6, width=8, depth=1, heads=2, embed_dim=embed_dim
        )
    )


def dual(**options: Any) -> DualEncoder:
    torch.manual_seed(0)
    return DualEncoder(None, image_tower(), text_tower(), **options).eval()


def texts(count: int) -> torch.Tensor:
    ids = torch.randint(1, 19, (count, 6))
    ids[:, -1] = 19
    return ids


def test_embeddings_have_length_one_unless_asked_otherwise() -> None:
    model, x, ids = dual(), torch.randn(3, 3, 16, 16), texts(4)
    for encode, input in ((model.encode_image, x), (model.encode_text, ids)):
        torch.testing.assert_close(encode(input).norm(dim=1), torch.ones(len(input)))
        raw = encode(input, normalize=False)
        torch.testing.assert_close(unit(raw), encode(input))
        assert not torch.allclose(raw, encode(input))


def test_called_with_images_it_is_its_image_tower() -> None:
    model, x = dual(), torch.randn(2, 3, 16, 16)
    assert torch.equal(model(x).pooled, model.visual(x).pooled)


def test_logits_are_scaled_cosines() -> None:
    model = dual()
    image, text = unit(torch.randn(3, 16)), unit(torch.randn(5, 16))
    cosines = torch.cosine_similarity(image[:, None], text[None], dim=-1)
    torch.testing.assert_close(model.logits(image, text), cosines / 0.07)


def test_a_bias_is_added_to_the_logits() -> None:
    plain, biased = dual(), dual(scale=10.0, bias=-10.0)
    assert plain.logit_bias is None
    image, text = unit(torch.randn(3, 16)), unit(torch.randn(5, 16))
    torch.testing.assert_close(biased.logits(image, text), 10 * image @ text.T - 10)
    assert {"logit_scale", "logit_bias"} <= dict(biased.named_parameters()).keys()


def test_scale_is_learned_as_its_logarithm() -> None:
    model = dual()
    assert model.logit_scale.item() == pytest.approx(2.6592, abs=1e-4)
    assert model.scale.item() == pytest.approx(1 / 0.07)
    image, text = unit(torch.randn(3, 16)), unit(torch.randn(3, 16))
    model.logits(image, text).diagonal().sum().backward()
    assert model.logit_scale.grad is not None


@pytest.mark.parametrize(
    ("value", "expected"), [(5.0, 100.0), (-1.0, 1.0), (3.0, math.exp(3))]
)
def test_scale_is_kept_between_one_and_a_hundred(value: float, expected) -> None:
    model = dual()
    torch.nn.init.constant_(model.logit_scale, value)
    model.clamp_scale()
    assert float(model.scale.detach()) == pytest.approx(expected)
    assert model.logit_scale.requires_grad


def test_scale_can_be_kept_below_another_bound() -> None:
    model = dual()
    model.clamp_scale(largest=10.0)
    assert float(model.scale.detach()) == pytest.approx(10.0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32], ids=str)
def test_zero_vector_stays_zero_and_its_gradient_finite(dtype) -> None:
    x = torch.zeros(2, 4, dtype=dtype, requires_grad=True)
    y = unit(x)
    assert torch.equal(y, torch.zeros(2, 4, dtype=dtype))
    (100 * y).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_long_half_precision_vectors_do_not_overflow(dtype) -> None:
    x = torch.full((1, 64), 1000.0, dtype=dtype)  # the sum of squares is 6.4e7
    assert x.square().sum() > 65_000
    y = unit(x)
    assert y.dtype == dtype
    torch.testing.assert_close(y.float(), torch.full((1, 64), 0.125))


def test_short_vectors_are_brought_to_length_one() -> None:
    x = torch.randn(5, 16) * 1e-5
    torch.testing.assert_close(unit(x).norm(dim=1), torch.ones(5))


def test_unit_follows_double_precision() -> None:
    x = torch.randn(3, 16, dtype=torch.float64)
    torch.testing.assert_close(unit(x), x / x.norm(dim=1, keepdim=True))


def test_half_precision_logits_are_finite_at_the_largest_scale() -> None:
    model = dual().half()
    torch.nn.init.constant_(model.logit_scale, 50.0)
    model.clamp_scale()
    image = unit(torch.randn(4, 16)).half()
    logits = model.logits(image, image)
    assert logits.dtype == torch.float16
    assert logits.isfinite().all()
    torch.testing.assert_close(
        logits.diagonal().float(), torch.full((4,), 100.0), rtol=0.01, atol=0
    )


def test_one_image_and_one_text_are_enough() -> None:
    model = dual()
    image = model.encode_image(torch.randn(1, 3, 16, 16))
    assert model.logits(image, model.encode_text(texts(1))).shape == (1, 1)


def test_meta_towers_give_shapes() -> None:
    with torch.device("meta"):
        model = DualEncoder(None, image_tower(), text_tower())
    image = model.encode_image(torch.empty(2, 3, 16, 16, device="meta"))
    text = model.encode_text(torch.empty(5, 6, dtype=torch.int64, device="meta"))
    assert model.logits(image, text).shape == (2, 5)


def test_towers_of_different_widths_are_refused() -> None:
    with pytest.raises(
        ValueError,
        match="the image tower ends in 16 numbers, the text tower in 24; they cannot",
    ):
        DualEncoder(None, image_tower(), text_tower(24))


def test_a_tower_that_does_not_tell_its_width_is_found_out_by_the_logits() -> None:
    cnn = ResNet(ResNetConfig(img_size=32, depths=(1,), width=8, block="basic"))
    check_widths(cnn, text_tower(24))  # its config does not say
    model = DualEncoder(None, cnn, text_tower(24)).eval()
    image = model.encode_image(torch.randn(2, 3, 32, 32))
    with pytest.raises(ValueError, match=r"got \(2, 8\) and \(3, 24\)"):
        model.logits(image, model.encode_text(texts(3)))


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan")])
def test_scale_without_logarithm_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale must be above 0, got"):
        dual(scale=scale)


def test_whole_numbers_are_good_enough_for_scale_and_bias() -> None:
    model = dual(scale=10, bias=-10)
    assert model.scale.item() == pytest.approx(10.0)
    assert model.logit_bias is not None
    assert model.logit_bias.is_floating_point()


@pytest.mark.parametrize("largest", [0.0, 0.5, -1.0, float("nan")])
def test_largest_scale_below_one_is_refused(largest: float) -> None:
    with pytest.raises(ValueError, match="largest must be at least 1, got"):
        dual().clamp_scale(largest)


@pytest.mark.parametrize("shape", [(16,), (2, 3, 16), (2, 8)], ids=str)
def test_embeddings_of_another_shape_are_refused(shape) -> None:
    model, text = dual(), torch.randn(3, 16)
    with pytest.raises(ValueError, match=r"image embeddings \(B, E\) and text"):
        model.logits(torch.randn(shape), text)
    with pytest.raises(ValueError, match=r"image embeddings \(B, E\) and text"):
        model.logits(text, torch.randn(shape))
