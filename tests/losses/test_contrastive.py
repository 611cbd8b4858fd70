"""InfoNCE and sigmoid loss: formulas written out, gradients, limits, bad input."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import vislearn
from vislearn.losses.contrastive import gradient_share, info_nce, sigmoid_loss

N, E = 6, 5


def unit(seed: int, count: int = N, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, E, generator=generator, dtype=torch.float64)
    return F.normalize(x, dim=1).to(dtype)


IMAGE, TEXT = unit(0), unit(1)


def close(ours: Tensor, expected: float | Tensor, tolerance: float = 1e-12) -> None:
    assert float(ours) == pytest.approx(float(expected), rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("scale", [0.5, 1 / 0.07, 100.0])
def test_info_nce_is_the_mean_of_two_choices(scale: float) -> None:
    total = 0.0
    for i in range(N):
        row = [scale * float(IMAGE[i] @ TEXT[j]) for j in range(N)]
        column = [scale * float(IMAGE[j] @ TEXT[i]) for j in range(N)]
        for scores in (row, column):
            highest = max(scores)
            log_sum = math.log(sum(math.exp(s - highest) for s in scores)) + highest
            total += (log_sum - scores[i]) / 2
    close(info_nce(IMAGE, TEXT, scale), total / N)


@pytest.mark.parametrize(("scale", "bias"), [(10.0, -10.0), (1.0, 0.0), (100.0, -15.9)])
def test_sigmoid_loss_is_a_sum_over_pairs_divided_by_the_images(scale, bias) -> None:
    total = 0.0
    for i in range(N):
        for j in range(N):
            z = 1 if i == j else -1
            score = scale * float(IMAGE[i] @ TEXT[j]) + bias
            total += math.log1p(math.exp(-z * score))  # −log σ(z · score)
    close(sigmoid_loss(IMAGE, TEXT, scale, bias), total / N)


def test_sigmoid_loss_of_a_pair_is_independent_of_other_pairs() -> None:
    """N · loss is additive in the pairs: one more text row changes no other term."""

    def total(rows: int) -> float:
        return rows * float(sigmoid_loss(IMAGE[:rows], TEXT[:rows], 10.0, -3.0))

    corner = IMAGE[[2]] @ TEXT[:2].T, IMAGE[:2] @ TEXT[[2]].T  # pairs with the third
    negatives = sum(float(F.softplus(10.0 * s - 3.0).sum()) for s in corner)
    own = float(F.softplus(-(10.0 * IMAGE[2] @ TEXT[2] - 3.0)))
    assert total(3) - total(2) == pytest.approx(negatives + own, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-9, 1.0])
def test_info_nce_of_a_guess_is_the_logarithm_of_the_batch(scale: float) -> None:
    image = IMAGE if scale < 1 else torch.zeros_like(IMAGE)
    close(info_nce(image, TEXT, scale), math.log(N), 1e-8)


def test_pairs_that_find_each_other_cost_nothing() -> None:
    ideal = torch.eye(N, dtype=torch.float64)
    assert float(info_nce(ideal, ideal, 100.0)) < 1e-40
    assert float(sigmoid_loss(ideal, ideal, 100.0, -50.0)) < 1e-20


def test_swapping_images_and_texts_changes_nothing() -> None:
    close(info_nce(TEXT, IMAGE, 14.0), info_nce(IMAGE, TEXT, 14.0))
    close(sigmoid_loss(TEXT, IMAGE, 14.0, -2.0), sigmoid_loss(IMAGE, TEXT, 14.0, -2.0))


def test_the_order_of_the_pairs_does_not_matter() -> None:
    order = torch.randperm(N, generator=torch.Generator().manual_seed(3))
    image, text = IMAGE[order], TEXT[order]
    close(info_nce(image, text, 14.0), info_nce(IMAGE, TEXT, 14.0))
    close(sigmoid_loss(image, text, 9.0, -2.0), sigmoid_loss(IMAGE, TEXT, 9.0, -2.0))


def test_gradients_are_those_of_finite_differences() -> None:
    image, text = IMAGE.clone().requires_grad_(), TEXT.clone().requires_grad_()
    scale = torch.tensor(7.0, dtype=torch.float64, requires_grad=True)
    bias = torch.tensor(-2.0, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(info_nce, (image, text, scale))
    assert torch.autograd.gradcheck(sigmoid_loss, (image, text, scale, bias))


def test_the_bias_of_an_ignorant_model_is_best_at_minus_the_logarithm_of_the_rest() -> (
    None
):
    """All similarities 0: the derivative by b is 0 at −ln(N − 1)."""
    zero = torch.zeros(64, E, dtype=torch.float64)
    bias = torch.tensor(-math.log(63), dtype=torch.float64, requires_grad=True)
    loss = sigmoid_loss(zero, zero, 10.0, bias)
    loss.backward()
    assert bias.grad is not None
    assert abs(float(bias.grad)) < 1e-12
    assert float(loss.detach()) < float(sigmoid_loss(zero, zero, 10.0, -5.0)) < 7


def test_start_values_of_the_paper_for_one_pair() -> None:
    """With b = −10 and no similarity: negative 4.5e-5, positive 10.0."""
    zero = torch.zeros(2, E, dtype=torch.float64)
    both = 2 * float(sigmoid_loss(zero, zero, 10.0, -10.0))
    negative = math.log1p(math.exp(-10.0))
    assert negative == pytest.approx(4.54e-5, rel=1e-3)
    assert both == pytest.approx(2 * negative + 2 * (10 + negative), rel=1e-12)


# One pair, zero vectors, half precision ---------------------------------------------


def test_one_pair_has_nothing_to_choose() -> None:
    image = unit(0, 1).requires_grad_()
    scale = torch.tensor(14.0, requires_grad=True)
    loss = info_nce(image, unit(1, 1), scale)
    loss.backward()
    assert float(loss.detach()) == 0
    assert image.grad is not None
    assert scale.grad is not None
    assert float(image.grad.abs().max()) == 0
    assert float(scale.grad) == 0


def test_one_pair_still_teaches_with_the_sigmoid_loss() -> None:
    image, text = unit(0, 1), unit(1, 1)
    expected = F.softplus(-(10.0 * (image * text).sum() - 10.0))
    close(sigmoid_loss(image, text, 10.0, -10.0), expected)


@pytest.mark.parametrize("name", ["info_nce", "sigmoid"])
def test_zero_vectors_give_finite_values_and_gradients(name: str) -> None:
    image, text = IMAGE.clone(), TEXT.clone()
    image[0], text[3] = 0, 0
    image.requires_grad_()
    text.requires_grad_()
    loss = {
        "info_nce": lambda: info_nce(image, text, 100.0),
        "sigmoid": lambda: sigmoid_loss(image, text, 100.0, -10.0),
    }[name]()
    loss.backward()
    for x in (loss, image.grad, text.grad):
        assert x is not None
        assert bool(x.isfinite().all())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("within_autocast", [False, True])
def test_half_precision_is_computed_in_float32(dtype, within_autocast) -> None:
    image, text = unit(0, 300, dtype), unit(1, 300, dtype)
    scale, bias = torch.tensor(100.0, dtype=dtype), torch.tensor(-10.0, dtype=dtype)
    with torch.autocast("cpu", dtype, enabled=within_autocast):
        ours = info_nce(image, text, scale), sigmoid_loss(image, text, scale, bias)
    expected = (
        info_nce(image.double(), text.double(), 100.0),
        sigmoid_loss(image.double(), text.double(), 100.0, -10.0),
    )
    for value, exact in zip(ours, expected, strict=True):
        assert value.dtype == torch.float32
        close(value, exact, 1e-5)


def test_float16_logits_would_overflow_or_lose_their_digits() -> None:
    """Why the losses compute in float32: what the same table is worth in float16."""
    long = 30 * unit(0, 300, torch.float16)  # somebody forgot to normalise
    assert bool((100 * long @ long.T).isinf().any())
    assert bool(info_nce(long, long, 100.0).isfinite())
    image, text = unit(0, 300, torch.float16), unit(1, 300, torch.float16)
    rough = 100 * (image @ text.T)
    exact = 100 * image.double() @ text.double().T
    assert 0.01 < float((rough - exact).abs().max()) < 0.1


def test_gradients_return_in_the_dtype_of_the_embeddings() -> None:
    image = unit(0, N, torch.float16).requires_grad_()
    info_nce(image, unit(1, N, torch.float16), 100.0).backward()
    assert image.grad is not None
    assert image.grad.dtype == torch.float16


def test_the_scale_may_be_a_number_or_a_tensor_with_one_entry() -> None:
    expected = info_nce(IMAGE, TEXT, 14.0)
    for scale in (torch.tensor(14.0), torch.tensor([14.0]), 14):
        value = info_nce(IMAGE, TEXT, scale)
        assert value.shape == ()
        close(value, expected)


# Several positives --------------------------------------------------------------------


def test_labels_that_are_all_different_change_nothing() -> None:
    labels = torch.tensor([3, 1, 4, 0, 5, 9])
    close(info_nce(IMAGE, TEXT, 14.0, labels), info_nce(IMAGE, TEXT, 14.0))


def test_with_labels_each_row_answers_with_its_whole_class() -> None:
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    logits = 14.0 * IMAGE @ TEXT.T
    total = 0.0
    for table in (logits, logits.T):
        chances = table.log_softmax(dim=1)
        for i in range(N):
            friends = [j for j in range(N) if labels[j] == labels[i]]
            total -= sum(float(chances[i, j]) for j in friends) / len(friends) / 2
    close(info_nce(IMAGE, TEXT, 14.0, labels), total / N)


def test_without_labels_a_repeated_caption_is_a_false_negative() -> None:
    """Two pairs with one caption: no model can get below ln 2; labels know better."""
    ideal = torch.eye(3, dtype=torch.float64)[[0, 0, 1, 2]]
    labels = torch.tensor([0, 0, 1, 2])
    without = info_nce(ideal, ideal, 100.0)
    close(without, math.log(2) / 2)  # two of the four pairs guess between two
    image = ideal.clone().requires_grad_()
    info_nce(image, ideal, 100.0, labels).backward()
    assert image.grad is not None
    assert float(image.grad.abs().max()) < 1e-12  # nothing left to improve


def test_with_labels_every_pair_of_one_class_belongs_together() -> None:
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    total = 0.0
    for i in range(N):
        for j in range(N):
            z = 1 if labels[i] == labels[j] else -1
            score = 10.0 * float(IMAGE[i] @ TEXT[j]) - 2.0
            total += math.log1p(math.exp(-z * score))
    close(sigmoid_loss(IMAGE, TEXT, 10.0, -2.0, labels), total / N)


# The temperature ----------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 14.0, 100.0])
def test_gradient_share_is_the_gradient_of_the_similarities(scale: float) -> None:
    """|∂L / ∂s_ij| / |∂L / ∂s_ii| of the half in which images choose."""
    cosines = (IMAGE @ TEXT.T).requires_grad_()
    F.cross_entropy(scale * cosines, torch.arange(N)).backward()
    assert cosines.grad is not None
    size = cosines.grad.abs()
    expected = size / size.diagonal()[:, None]
    expected.fill_diagonal_(0)
    share = gradient_share(IMAGE, TEXT, scale)
    torch.testing.assert_close(share, expected, rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(share.sum(dim=1), torch.ones(N, dtype=torch.float64))


def test_a_large_scale_pushes_the_hardest_negative_alone_a_small_one_all_alike() -> (
    None
):
    all_alike = gradient_share(IMAGE, TEXT, 1e-6)
    off = ~torch.eye(N, dtype=torch.bool)
    assert float((all_alike[off] - 1 / (N - 1)).abs().max()) < 1e-6
    hardest = (IMAGE @ TEXT.T).masked_fill(~off, -2).argmax(dim=1)
    shares = [
        gradient_share(IMAGE, TEXT, scale)[torch.arange(N), hardest].mean()
        for scale in (1.0, 10.0, 100.0, 10_000.0)
    ]
    assert shares == sorted(shares)
    assert float(shares[-1]) > 0.999


def test_one_pair_has_no_negatives_to_share_among() -> None:
    with pytest.raises(ValueError, match="N of at least 2, got 1"):
        gradient_share(unit(0, 1), unit(1, 1), 1.0)


# Bad input ----------------------------------------------------------------------------

LOSSES = {
    "info_nce": lambda image, text, scale=10.0: info_nce(image, text, scale),
    "sigmoid": lambda image, text, scale=10.0: sigmoid_loss(image, text, scale, 0.0),
    "share": lambda image, text, scale=10.0: gradient_share(image, text, scale),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("image", "text", "message"),
    [
        ((6, 5), (4, 5), "6 images but 4 texts"),
        ((6, 5), (6, 4), r"one width E, got image \(6, 5\) and text \(6, 4\)"),
        ((6,), (6,), r"embeddings \(N, E\), got image \(6,\) and text \(6,\)"),
        ((2, 3, 5), (2, 3, 5), r"embeddings \(N, E\), got image \(2, 3, 5\)"),
        ((0, 5), (0, 5), r"embeddings \(N, E\), got image \(0, 5\)"),
        ((6, 0), (6, 0), r"embeddings \(N, E\), got image \(6, 0\)"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(name, image, text, message) -> None:
    with pytest.raises(ValueError, match=message):
        LOSSES[name](torch.zeros(image), torch.zeros(text))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_named(name: str, value: float) -> None:
    broken = TEXT.clone()
    broken[4, 2] = value
    with pytest.raises(ValueError, match="text embedding 4 has NaN or infinity"):
        LOSSES[name](IMAGE, broken)
    with pytest.raises(ValueError, match="image embedding 4 has NaN or infinity"):
        LOSSES[name](broken, TEXT)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("scale", "message"),
    [
        (0.0, r"scale must be above 0, .* got 0\.0"),
        (-2.0, r"scale must be above 0, .* got -2\.0"),
        (torch.tensor(-2.0), r"scale must be above 0, .* got -2\.0"),
        (math.nan, "scale must be a finite number, got nan"),
        (torch.tensor(math.inf), "scale must be a finite number, got inf"),
        (torch.ones(2), r"scale must be one number, got shape \(2,\)"),
    ],
)
def test_impossible_scales_are_refused(name: str, scale, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LOSSES[name](IMAGE, TEXT, scale)


@pytest.mark.parametrize(
    ("bias", "message"),
    [
        (math.nan, "bias must be a finite number, got nan"),
        (torch.tensor(-math.inf), "bias must be a finite number, got -inf"),
        (torch.zeros(6), r"bias must be one number, got shape \(6,\)"),
    ],
)
def test_impossible_biases_are_refused(bias, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sigmoid_loss(IMAGE, TEXT, 10.0, bias)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("value", [None, "10", [10.0]])
def test_what_is_no_number_is_named(name: str, value: Any) -> None:
    said = re.escape(f"must be one number, got {value!r}")
    with pytest.raises(ValueError, match=f"scale {said}"):
        LOSSES[name](IMAGE, TEXT, value)
    with pytest.raises(ValueError, match=f"bias {said}"):  # a CLIP has no bias: None
        sigmoid_loss(IMAGE, TEXT, 10.0, value)


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_no_tensor_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=r"\(N, E\), got image ndarray, text Tensor"):
        LOSSES[name](IMAGE.numpy(), TEXT)
    with pytest.raises(ValueError, match=r"\(N, E\), got image Tensor, text list"):
        LOSSES[name](IMAGE, TEXT.tolist())


def test_labels_that_are_no_tensor_are_named() -> None:
    labels: Any = list(range(N))
    with pytest.raises(ValueError, match=r"expected labels \(6,\) int64, got list"):
        info_nce(IMAGE, TEXT, 1.0, labels)
    with pytest.raises(ValueError, match=r"expected labels \(6,\) int64, got list"):
        sigmoid_loss(IMAGE, TEXT, 1.0, 0.0, labels)


def test_integers_and_labels_that_do_not_fit_are_refused() -> None:
    whole = torch.ones(N, E, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"text embeddings must be float.*int64"):
        info_nce(IMAGE, whole, 1.0)
    for labels in (torch.zeros(N), torch.zeros(N - 1, dtype=torch.int64)):
        with pytest.raises(ValueError, match=r"expected labels \(6,\) int64, got"):
            info_nce(IMAGE, TEXT, 1.0, labels)
        with pytest.raises(ValueError, match=r"expected labels \(6,\) int64, got"):
            sigmoid_loss(IMAGE, TEXT, 1.0, 0.0, labels)


def test_losses_are_found_in_their_room() -> None:
    assert vislearn.losses.info_nce is info_nce
    assert vislearn.losses.sigmoid_loss is sigmoid_loss
    assert vislearn.losses.gradient_share is gradient_share
