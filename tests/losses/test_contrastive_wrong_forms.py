"""Two wrong sigmoid losses that circulate, and what goes wrong with each.

The right one is −Σ log σ(z (t x·y + b)) / N with b = −10. In one wrong form the bias
stands outside the label, in the other it has the other sign.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vislearn.losses import info_nce, sigmoid_loss

N, E = 64, 16
ZERO = torch.zeros(N, E)
Loss = Callable[[Tensor, Tensor, float, Tensor | float], Tensor]


def signs(table: Tensor) -> Tensor:
    """z: +1 on the diagonal, −1 elsewhere."""
    return 2 * torch.eye(len(table)) - 1


def outside(image: Tensor, text: Tensor, scale: float, bias: Tensor | float) -> Tensor:
    """−Σ log σ(z t x·y − b) / N: the bias lifts right and wrong pairs alike."""
    logits = scale * image @ text.T
    return -F.logsigmoid(signs(logits) * logits - bias).sum() / len(image)


def reversed_sign(
    image: Tensor, text: Tensor, scale: float, bias: Tensor | float
) -> Tensor:
    """−Σ log σ(z (t x·y − b)) / N: b = −10 then claims that every pair matches."""
    logits = scale * image @ text.T
    return -F.logsigmoid(signs(logits) * (logits - bias)).sum() / len(image)


def strangers() -> tuple[Tensor, Tensor]:
    """Images and texts that have nothing to do with each other."""
    generator = torch.Generator().manual_seed(0)
    both = torch.randn(2, N, E, generator=generator)
    image, text = F.normalize(both, dim=2)
    return image, text


def train_the_bias_alone(loss: Loss, steps: int = 400) -> float:
    """Adam on b; the embeddings stay strangers to each other."""
    image, text = strangers()
    bias = torch.tensor(-10.0, requires_grad=True)
    optimiser = torch.optim.Adam([bias], lr=0.05)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(image, text, 10.0, bias).backward()
        optimiser.step()
    return float(loss(image, text, 10.0, bias.detach()))


def pair_losses(loss: Loss) -> tuple[float, float]:
    """The loss of a right and of a wrong pair, untrained: b = −10, all cosines 0.

    By how much the sum grows from one pair to two: 2 right and 2 wrong ones.
    """
    one, two = (n * float(loss(ZERO[:n], ZERO[:n], 10.0, -10.0)) for n in (1, 2))
    return one, (two - 2 * one) / 2


def test_untrained_the_right_form_doubts_every_pair() -> None:
    right, wrong = pair_losses(sigmoid_loss)
    assert right == pytest.approx(10.0, abs=1e-3)
    assert wrong == pytest.approx(4.5e-5, abs=1e-5)  # float32, beside a 10


def test_outside_the_label_the_bias_makes_right_and_wrong_pairs_equal() -> None:
    right, wrong = pair_losses(outside)
    assert right == pytest.approx(4.5e-5, abs=1e-6)
    assert wrong == pytest.approx(right, abs=1e-9)


def test_with_the_other_sign_every_wrong_pair_costs_ten_at_the_start() -> None:
    right, wrong = pair_losses(reversed_sign)
    assert right == pytest.approx(4.5e-5, abs=1e-6)
    assert wrong == pytest.approx(10.0, abs=1e-3)
    assert float(reversed_sign(ZERO, ZERO, 10.0, -10.0)) == pytest.approx(630, rel=1e-3)
    assert float(sigmoid_loss(ZERO, ZERO, 10.0, -10.0)) == pytest.approx(10, rel=1e-3)


def test_outside_the_label_the_bias_alone_drives_the_loss_to_zero() -> None:
    """Nothing is learned: the embeddings are random, retrieval is at chance."""
    image, text = strangers()
    found = (image @ text.T).argmax(dim=1) == torch.arange(N)
    assert float(found.float().mean()) < 0.1
    assert train_the_bias_alone(outside) < 1e-3
    assert float(outside(image, text, 10.0, -60.0)) < 1e-12


def test_inside_the_label_the_bias_alone_cannot() -> None:
    """No bias is better than knowing how rare right pairs are."""
    image, text = strangers()
    assert train_the_bias_alone(sigmoid_loss) > 5
    biases = torch.linspace(-60, 20, 81)
    assert min(float(sigmoid_loss(image, text, 10.0, b)) for b in biases) > 5
    entropy = math.log(N) + (N - 1) * math.log(N / (N - 1))  # at −ln(N − 1)
    lowest = min(float(sigmoid_loss(ZERO, ZERO, 10.0, b)) for b in biases)
    assert lowest >= entropy - 1e-4
    at_best = float(sigmoid_loss(ZERO, ZERO, 10.0, -math.log(N - 1)))
    assert at_best == pytest.approx(entropy, rel=1e-5)


def test_outside_the_label_hardly_any_gradient_reaches_the_embeddings() -> None:
    sizes = []
    for loss in (sigmoid_loss, outside):
        image, text = (x.requires_grad_() for x in strangers())
        loss(image, text, 1.0, -10.0).backward()
        assert image.grad is not None
        sizes.append(float(image.grad.norm()))
    assert sizes[1] < sizes[0] / 100


def test_a_loss_that_falls_to_zero_is_no_proof_of_learning_but_info_nces_is() -> None:
    image, text = strangers()
    assert float(outside(image, text, 10.0, -30.0)) < 1e-6
    assert float(info_nce(image, text, 10.0)) > math.log(N)
