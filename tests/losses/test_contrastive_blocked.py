"""The blocked losses equal the dense ones and never hold the table."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

import vislearn
from vislearn.losses.contrastive import info_nce, sigmoid_loss
from vislearn.losses.contrastive_blocked import info_nce_blocked, sigmoid_loss_blocked

N, E = 37, 8
Loss = Callable[..., Tensor]
PAIRS: dict[str, tuple[Loss, Loss, tuple[float, ...]]] = {
    "info_nce": (info_nce, info_nce_blocked, ()),
    "sigmoid": (sigmoid_loss, sigmoid_loss_blocked, (-7.0,)),
}


def inputs(
    dtype: torch.dtype, scale: float, scalars: tuple, count: int = N
) -> list[Tensor]:
    """Image and text embeddings that are somewhat alike, scale, bias; all leaves."""
    generator = torch.Generator().manual_seed(count)
    image = torch.randn(count, E, generator=generator, dtype=torch.float64)
    text = image + torch.randn(count, E, generator=generator, dtype=torch.float64)
    embeddings = [F.normalize(x, dim=1).to(dtype) for x in (image, text)]
    numbers = [torch.tensor(value, dtype=dtype) for value in (scale, *scalars)]
    return [x.requires_grad_() for x in embeddings + numbers]


def run(loss: Loss, arguments: list[Tensor], **options) -> list[Tensor]:
    """Value, then the gradient of every argument (of 3 × the loss)."""
    value = loss(*arguments, **options)
    return [value.detach(), *torch.autograd.grad(3 * value, arguments)]


def error(ours: list[Tensor], theirs: list[Tensor]) -> float:
    """Largest difference of any, relative to the largest entry of its own tensor."""
    return max(
        float((a - b).abs().max() / b.abs().max().clamp(min=1e-30))
        for a, b in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("block", [1, 5, 36, 37, 1000])
@pytest.mark.parametrize("scale", [0.3, 14.3, 100.0])
def test_value_and_gradients_equal_the_dense_loss_in_float64(
    name, block, scale
) -> None:
    dense, blocked, scalars = PAIRS[name]
    expected = run(dense, inputs(torch.float64, scale, scalars))
    ours = run(blocked, inputs(torch.float64, scale, scalars), block=block)
    assert error(ours, expected) < 1e-10


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("block", [16, 100, 1024])
@pytest.mark.parametrize("scale", [1.0, 14.3])
def test_value_and_gradients_equal_the_dense_loss_in_float32(
    name, block, scale
) -> None:
    dense, blocked, scalars = PAIRS[name]
    expected = run(dense, inputs(torch.float32, scale, scalars, count=700))
    ours = run(blocked, inputs(torch.float32, scale, scalars, count=700), block=block)
    for a, b in zip(ours, expected, strict=True):
        size = float(b.norm()) if b.ndim else max(float(b.abs()), 1.0)
        assert float((a - b).norm()) < 1e-6 * size


@pytest.mark.parametrize("name", PAIRS)
def test_at_a_scale_of_100_it_is_as_exact_as_the_dense_loss(name) -> None:
    """float32 counts in steps of 8e-6 near 100: both are compared with float64."""
    dense, blocked, scalars = PAIRS[name]
    single = inputs(torch.float32, 100.0, scalars, count=700)
    exact = run(dense, [x.detach().double().requires_grad_() for x in single])
    assert error(run(blocked, single, block=64), exact) < 1e-5
    assert error(run(dense, single), exact) < 1e-5


@pytest.mark.parametrize("name", PAIRS)
def test_small_losses_keep_their_digits(name) -> None:
    """At scale 100, where float32 counts in steps of 8e-6, all logits near 100."""
    dense, blocked, scalars = PAIRS[name]
    alike = F.normalize(torch.eye(12, dtype=torch.float64) + 0.9, dim=1)
    bias = tuple(-96.0 for _ in scalars)
    exact = float(dense(alike, alike, 100.0, *bias))
    ours = float(blocked(alike.float(), alike.float(), 100.0, *bias, block=5))
    assert exact < 0.3
    assert ours == pytest.approx(exact, rel=2e-5, abs=2e-7)


class LargestTensor(TorchFunctionMode):
    """Watches every operation and keeps the number of entries of the largest result."""

    entries = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for result in out if isinstance(out, tuple) else (out,):
            if isinstance(result, Tensor):
                self.entries = max(self.entries, result.numel())
        return out


@pytest.mark.parametrize("name", PAIRS)
def test_no_tensor_is_larger_than_block_times_n(name) -> None:
    dense, blocked, scalars = PAIRS[name]
    count, block = 200, 10
    seen = {}
    for key, loss, options in (
        ("dense", dense, {}),
        ("blocked", blocked, {"block": block}),
    ):
        with LargestTensor() as watch:
            run(loss, inputs(torch.float32, 10.0, scalars, count), **options)
        seen[key] = watch.entries
    assert seen["dense"] == count * count
    assert seen["blocked"] == block * count


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_within_autocast_it_is_computed_in_float32(name, dtype) -> None:
    dense, blocked, scalars = PAIRS[name]
    half = inputs(dtype, 100.0, scalars)
    with torch.autocast("cpu", dtype):
        ours = run(blocked, half, block=10)
    exact = run(dense, [x.detach().double().requires_grad_() for x in half])
    assert ours[0].dtype == torch.float32
    assert all(x.dtype == dtype for x in ours[1:])
    assert float(ours[0]) == pytest.approx(float(exact[0]), rel=1e-5)
    step = torch.finfo(dtype).eps  # of the gradients, which return in half precision
    assert error([x.double() for x in ours[1:]], exact[1:]) < step


@pytest.mark.parametrize("name", PAIRS)
def test_one_pair_and_zero_vectors_are_as_in_the_dense_loss(name) -> None:
    dense, blocked, scalars = PAIRS[name]
    one = inputs(torch.float64, 14.0, scalars, count=1)
    for ours, theirs in zip(run(blocked, one), run(dense, one), strict=True):
        torch.testing.assert_close(ours, theirs)
    zero = inputs(torch.float64, 14.0, scalars)
    with torch.no_grad():
        zero[0][3], zero[1][5] = 0, 0
    assert error(run(blocked, zero, block=4), run(dense, zero)) < 1e-10


@pytest.mark.parametrize("name", PAIRS)
def test_the_scale_may_be_a_plain_number_and_one_tower_frozen(name) -> None:
    dense, blocked, scalars = PAIRS[name]
    image, text, *_ = inputs(torch.float64, 1.0, scalars)
    frozen = image.detach()
    expected = torch.autograd.grad(dense(frozen, text, 14.0, *scalars), text)
    ours = torch.autograd.grad(blocked(frozen, text, 14.0, *scalars, block=9), text)
    assert error(list(ours), list(expected)) < 1e-10


@pytest.mark.parametrize("name", PAIRS)
def test_second_derivatives_are_refused(name) -> None:
    _, blocked, scalars = PAIRS[name]
    arguments = inputs(torch.float64, 1.0, scalars)
    with pytest.raises(NotImplementedError, match="no second derivatives: take"):
        torch.autograd.grad(blocked(*arguments), arguments, create_graph=True)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("block", [0, -1, 2.5, True, None])
def test_impossible_blocks_are_refused(name, block) -> None:
    _, blocked, scalars = PAIRS[name]
    with pytest.raises(ValueError, match=f"block must be a whole .* got {block!r}"):
        blocked(torch.ones(2, 3), torch.ones(2, 3), 1.0, *scalars, block=block)


@pytest.mark.parametrize("name", PAIRS)
def test_bad_input_is_refused_as_by_the_dense_loss(name) -> None:
    _, blocked, scalars = PAIRS[name]
    with pytest.raises(ValueError, match="6 images but 4 texts"):
        blocked(torch.ones(6, 3), torch.ones(4, 3), 1.0, *scalars)
    with pytest.raises(ValueError, match="scale must be above 0"):
        blocked(torch.ones(6, 3), torch.ones(6, 3), -1.0, *scalars)
    broken = torch.ones(6, 3)
    broken[4] = math.nan
    with pytest.raises(ValueError, match="text embedding 4 has NaN"):
        blocked(torch.ones(6, 3), broken, 1.0, *scalars)


def test_losses_are_found_in_their_room() -> None:
    assert vislearn.losses.info_nce_blocked is info_nce_blocked
    assert vislearn.losses.sigmoid_loss_blocked is sigmoid_loss_blocked
