"""Pooling heads: CLS, average, and a probe that looks."""

from __future__ import annotations

import pytest
import torch

from vislearn.layers.attention import record_attention
from vislearn.layers.pooling import AttentionPool


def pool(fused: bool = True) -> AttentionPool:
    torch.manual_seed(0)
    head = AttentionPool(32, 4, 64, fused=fused)
    torch.nn.init.normal_(head.latent)
    return head


def test_readable_and_fused_probe_agree_in_value_and_gradient() -> None:
    x = torch.randn(2, 9, 32)
    results = []
    for fused in (True, False):
        head, tokens = pool(fused), x.clone().requires_grad_()
        out = head(tokens)
        gradients = torch.autograd.grad(
            out.square().sum(), [tokens, *head.parameters()]
        )
        results.append([out, *gradients])
    for fused_value, readable_value in zip(*results, strict=True):
        torch.testing.assert_close(fused_value, readable_value, rtol=1e-5, atol=1e-5)


def test_recorded_look_of_the_probe_explains_the_output() -> None:
    head, x = pool(), torch.randn(2, 9, 32)
    with record_attention(head) as maps:
        recorded = head(x)
    assert torch.equal(recorded, head(x))
    (look,) = maps
    assert look.shape == (2, 4, 1, 9)
    torch.testing.assert_close(look.sum(-1), torch.ones(2, 4, 1))
    v = head.kv(x)[..., 32:].reshape(2, 9, 4, 8).transpose(1, 2)  # (B, h, T, Dh)
    mixed = head.proj((look @ v).reshape(2, 32))
    torch.testing.assert_close(mixed + head.mlp(head.norm(mixed)), recorded)


def test_probe_that_finds_all_tokens_alike_averages_them() -> None:
    head, x = pool(), torch.randn(2, 9, 32)
    torch.nn.init.zeros_(head.q.weight)
    torch.nn.init.zeros_(head.q.bias)
    with record_attention(head) as maps:
        head(x)
    torch.testing.assert_close(maps[0], torch.full((2, 4, 1, 9), 1 / 9))


def test_probe_asks_every_image_the_same_and_looks_elsewhere() -> None:
    head, x = pool(), torch.randn(2, 9, 32)
    with record_attention(head) as maps:
        head(x)
    assert not torch.allclose(maps[0][0], maps[0][1], atol=1e-3)


def test_width_that_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="width 32 is not divisible by heads 5"):
        AttentionPool(32, 5, 64)


@pytest.mark.parametrize("shape", [(2, 32), (2, 9, 16), (2, 4, 9, 32)])
def test_tokens_of_another_shape_are_refused(shape) -> None:
    with pytest.raises(ValueError, match=r"expected tokens of shape \(B, T, 32\)"):
        pool()(torch.zeros(shape))


@pytest.mark.parametrize("fused", [True, False])
def test_hidden_tokens_change_nothing(fused: bool) -> None:
    head, x = pool(fused), torch.randn(2, 9, 32)
    mask = torch.ones(2, 1, 1, 9, dtype=torch.bool)
    mask[0, ..., 5:] = False  # the first image has five tokens, the second nine
    padded = x.clone()
    padded[0, 5:] = 100.0
    expected = torch.cat([head(x[:1, :5]), head(x[1:])])
    torch.testing.assert_close(head(padded, mask), expected)
    assert not torch.allclose(head(padded)[0], expected[0], atol=1e-2)


def test_an_image_of_padding_alone_is_refused() -> None:
    mask = torch.zeros(2, 1, 1, 9, dtype=torch.bool)
    with pytest.raises(ValueError, match="every query needs at least one key"):
        pool()(torch.randn(2, 9, 32), mask)


@pytest.mark.parametrize("fused", [True, False])
def test_a_batch_of_no_images_gives_no_vectors(fused: bool) -> None:
    assert pool(fused)(torch.zeros(0, 9, 32)).shape == (0, 32)
