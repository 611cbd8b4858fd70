"""Cached gradients equal those of one backward pass through the whole batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

import vislearn
from vislearn.layers.scale import DropPath
from vislearn.losses import info_nce, info_nce_blocked, sigmoid_loss
from vislearn.train import gradient_cache
from vislearn.train.gradient_cache import cached_backward
from vislearn.train.mixed import Precision

N = 11


class Dual(nn.Module):
    """A ViT for images, a little network for texts, both with stochastic parts."""

    def __init__(self, drop: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.visual = vislearn.create_model(
            "vit_ti16",
            img_size=8,
            patch_size=4,
            channels=1,
            width=16,
            depth=2,
            heads=2,
            drop_path=drop,
        )
        self.text = nn.Sequential(
            nn.Embedding(20, 16), nn.Flatten(), nn.Dropout(drop), nn.Linear(64, 16)
        )
        self.logit_scale = nn.Parameter(torch.tensor(math.log(14.3)))
        self.logit_bias = nn.Parameter(torch.tensor(-2.0))
        self.double()

    def encode_image(self, images: Tensor) -> Tensor:
        return nn.functional.normalize(self.visual(images).pooled, dim=1)

    def encode_text(self, ids: Tensor) -> Tensor:
        return nn.functional.normalize(self.text(ids), dim=1)


def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(N, 1, 8, 8, generator=generator, dtype=torch.float64)
    return images, torch.randint(20, (N, 4), generator=generator)


def losses(dual: Dual) -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    return {
        "info_nce": lambda x, y: info_nce(x, y, dual.logit_scale.exp()),
        "blocked": lambda x, y: info_nce_blocked(x, y, dual.logit_scale.exp(), block=3),
        "sigmoid": lambda x, y: sigmoid_loss(
            x, y, dual.logit_scale.exp(), dual.logit_bias
        ),
    }


def gradients(dual: nn.Module) -> dict[str, Tensor]:
    named = dual.named_parameters()
    return {name: p.grad.clone() for name, p in named if p.grad is not None}


def encoded_in_chunks(encode: Callable, samples: Tensor, chunk: int) -> Tensor:
    """The graph of the whole batch; random numbers are drawn chunk by chunk."""
    return torch.cat([encode(part) for part in samples.split(chunk)])


def plain(dual: Dual, name: str, chunk: int = N) -> tuple[Tensor, dict[str, Tensor]]:
    images, ids = batch()
    image = encoded_in_chunks(dual.encode_image, images, chunk)
    text = encoded_in_chunks(dual.encode_text, ids, chunk)
    value = losses(dual)[name](image, text)
    value.backward()
    return value.detach(), gradients(dual)


def cached(dual: Dual, name: str, chunk: int) -> tuple[Tensor, dict[str, Tensor]]:
    towers = (dual.encode_image, dual.encode_text)
    value = cached_backward(towers, batch(), losses(dual)[name], chunk=chunk)
    return value, gradients(dual)


def assert_equal(ours: tuple, theirs: tuple, tolerance: float = 1e-12) -> None:
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["info_nce", "blocked", "sigmoid"])
@pytest.mark.parametrize("chunk", [1, 4, 11, 50])
def test_gradients_equal_those_of_the_whole_batch(name: str, chunk: int) -> None:
    ours, theirs = cached(Dual(), name, chunk), plain(Dual(), name)
    assert_equal(ours, theirs)
    assert "logit_scale" in ours[1]
    assert "visual.patch_embed.proj.weight" in ours[1]
    assert ("logit_bias" in ours[1]) == (name == "sigmoid")


@pytest.mark.parametrize("name", ["info_nce", "sigmoid"])
@pytest.mark.parametrize("chunk", [4, 11])
def test_drop_path_and_dropout_agree_in_both_passes(name: str, chunk: int) -> None:
    ours_model, their_model = Dual(drop=0.5).train(), Dual(drop=0.5).train()
    assert any(isinstance(m, DropPath) and m.rate > 0 for m in ours_model.modules())
    torch.manual_seed(5)
    ours, after = cached(ours_model, name, chunk), torch.rand(1)
    torch.manual_seed(5)
    theirs, expected_after = plain(their_model, name, chunk), torch.rand(1)
    assert_equal(ours, theirs)
    torch.manual_seed(6)
    other = plain(Dual(drop=0.5).train(), name, chunk)
    assert not torch.equal(other[0], theirs[0])  # chance does matter here
    assert torch.equal(after, expected_after)  # and is left as a plain pass leaves it


def test_without_replay_the_second_pass_is_noticed(monkeypatch) -> None:
    @contextmanager
    def nothing(state: object) -> Iterator[None]:
        yield

    monkeypatch.setattr(gradient_cache, "replay", nothing)
    with pytest.raises(ValueError, match="another answer in the second pass"):
        cached(Dual(drop=0.5).train(), "info_nce", 4)


def test_small_batches_that_are_summed_are_not_the_big_one() -> None:
    """Why plain gradient accumulation does not do: the negatives are missing."""
    accumulated, whole = Dual(), Dual()
    images, ids = batch()
    for part, words in zip(images.split(4), ids.split(4), strict=True):
        image, text = accumulated.encode_image(part), accumulated.encode_text(words)
        share = len(part) / N
        (share * losses(accumulated)["info_nce"](image, text)).backward()
    key = "visual.patch_embed.proj.weight"
    expected = plain(whole, "info_nce")[1][key]
    difference = (gradients(accumulated)[key] - expected).norm() / expected.norm()
    assert float(difference) > 0.1


def test_gradients_are_added_to_those_that_are_there() -> None:
    dual = Dual()
    once = cached(dual, "info_nce", 4)[1]
    twice = cached(dual, "info_nce", 4)[1]
    assert_equal(
        tuple(twice.values()), tuple(2 * gradient for gradient in once.values())
    )


def test_the_largest_batch_that_an_encoder_sees_with_a_graph_is_one_chunk() -> None:
    dual, seen = Dual(), []

    def encode(images: Tensor) -> Tensor:
        seen.append((len(images), torch.is_grad_enabled()))
        return dual.encode_image(images)

    towers = (encode, dual.encode_text)
    cached_backward(towers, batch(), losses(dual)["info_nce"], chunk=4)
    assert seen == [(4, False), (4, False), (3, False), (4, True), (4, True), (3, True)]


def test_a_frozen_tower_stays_as_it_is() -> None:
    ours, theirs = Dual(), Dual()
    for dual in (ours, theirs):
        dual.visual.requires_grad_(False)
    assert_equal(cached(ours, "info_nce", 4), plain(theirs, "info_nce"))
    assert all(p.grad is None for p in ours.visual.parameters())


def test_it_works_with_mixed_precision_and_a_gradient_scaler() -> None:
    """bfloat16 forward passes, a scaled loss: as one pass of the same kind."""
    policy = Precision("cpu", torch.bfloat16)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    results = []
    for way in ("cached", "plain"):
        dual = Dual().float()
        images, ids = batch()
        images, loss = images.float(), losses(dual)["info_nce"]
        if way == "cached":
            towers = (dual.encode_image, dual.encode_text)
            value = cached_backward(
                towers, (images, ids), loss, chunk=4, policy=policy, scaler=scaler
            )
        else:
            with policy.autocast():
                value = loss(
                    encoded_in_chunks(dual.encode_image, images, 4),
                    encoded_in_chunks(dual.encode_text, ids, 4),
                )
            (1024.0 * value).backward()
        results.append((value.detach(), gradients(dual)))
    (ours, our_gradients), (theirs, their_gradients) = results
    torch.testing.assert_close(ours, theirs)
    for name, gradient in their_gradients.items():
        error = (our_gradients[name] - gradient).norm() / gradient.norm()
        assert float(error) < 0.02, name  # bfloat16 has 8 bits


def test_one_tower_for_both_sides_gets_the_gradients_of_both() -> None:
    ours, theirs = Dual(drop=0.5).train(), Dual(drop=0.5).train()
    images, others = batch()[0], batch()[0].flip(0) + 0.1
    loss = losses(ours)["info_nce"]
    torch.manual_seed(5)
    towers = (ours.encode_image, ours.encode_image)
    value = cached_backward(towers, (images, others), loss, chunk=4)
    torch.manual_seed(5)
    sides = [encoded_in_chunks(theirs.encode_image, x, 4) for x in (images, others)]
    expected = losses(theirs)["info_nce"](*sides)
    expected.backward()
    assert_equal((value, gradients(ours)), (expected.detach(), gradients(theirs)))


def test_embeddings_that_are_no_numbers_give_the_gradients_of_a_plain_pass() -> None:
    """They are not taken for another answer: a gradient scaler shall skip the step."""
    weight = torch.ones(2, requires_grad=True)
    samples = torch.tensor([[1.0, math.nan], [math.inf, 2.0], [3.0, -math.inf]])

    def encode(x: Tensor) -> Tensor:
        return x * weight

    value = cached_backward(
        (encode, encode), (samples, samples), lambda x, y: (x * y).sum(), chunk=2
    )
    assert bool(value.isnan())
    assert weight.grad is not None
    assert not bool(weight.grad.isfinite().any())


def test_without_recording_of_gradients_it_says_so() -> None:
    with torch.no_grad(), pytest.raises(ValueError, match="the loss has no graph"):
        cached(Dual(), "info_nce", 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"loss": lambda x, y: (x * y).sum(dim=1)},
            r"the loss must be a tensor of one number, got shape \(3,\)",
        ),
        ({"loss": lambda x, y: 1.0}, "tensor of one number, got float"),
        ({"loss": lambda x, y: torch.tensor(1.0)}, "the loss has no graph"),
        (
            {"inputs": ([[1.0], [2.0]], torch.ones(2, 1))},
            r"inputs must be tensors \(N, …\), got list",
        ),
        (
            {"inputs": (torch.ones(()), torch.ones(2, 1))},
            r"inputs must be tensors \(N, …\), got shape \(\)",
        ),
        (
            {"inputs": (torch.ones(3, 2, requires_grad=True).exp(), torch.ones(3, 2))},
            "must not have a graph: put what made it into the encoder",
        ),
        (
            {"encoders": (lambda x: SimpleNamespace(pooled=x), lambda x: x)},
            r"must return \(2, E\) for 2 samples, got SimpleNamespace",
        ),
        (
            {"encoders": (lambda x: x.long(), lambda x: x)},
            r"must return \(2, E\) for 2 samples, got \(2, 2\) torch\.int64",
        ),
        (
            {"encoders": (lambda x: x[:, : len(x)], lambda x: x)},
            r"embeddings of one width, got \[1, 2\]",
        ),
        ({"chunk": 0}, "chunk must be a whole number of at least 1, got 0"),
        ({"chunk": 2.0}, r"chunk must be a whole number of at least 1, got 2\.0"),
        ({"encoders": (lambda x: x,)}, "got 1 encoders and 2 inputs"),
        ({"inputs": (torch.ones(3, 2), torch.ones(2, 2))}, r"got \[3, 2\]"),
        ({"inputs": (torch.ones(0, 2), torch.ones(0, 2))}, r"got \[0, 0\]"),
        (
            {"encoders": (lambda x: x.sum(), lambda x: x)},
            r"an encoder must return \(2, E\) for 2 samples, got \(\)",
        ),
        (
            {"encoders": (lambda x: x[:1], lambda x: x)},
            r"must return \(2, E\) for 2 samples, got \(1, 2\)",
        ),
    ],
)
def test_impossible_settings_are_refused(changes, message: str) -> None:
    settings = {
        "encoders": (lambda x: x, lambda x: x),
        "inputs": (torch.ones(3, 2), torch.ones(3, 2)),
        "loss": lambda x, y: info_nce(x, y, 1.0),
        "chunk": 2,
        **changes,
    }
    with pytest.raises(ValueError, match=message):
        cached_backward(**settings)
