"""MLPs, LayerScale, DropPath, the block, pooling."""

from __future__ import annotations

import math

import pytest
import torch

from vislearn.layers.blocks import Block
from vislearn.layers.mlp import Mlp, SwiGLU, activation
from vislearn.layers.pooling import AttentionPool, cls_pool, mean_pool
from vislearn.layers.scale import DropPath, LayerScale


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("gelu", lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2)))),
        (
            "gelu_tanh",
            lambda x: (
                x
                * 0.5
                * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
            ),
        ),
        ("quick_gelu", lambda x: x / (1 + math.exp(-1.702 * x))),
    ],
)
def test_activation_is_its_formula(name: str, formula) -> None:
    points = [-3.0, -1.0, -0.1, 0.0, 0.5, 2.0]
    values = activation(name)(torch.tensor(points)).tolist()
    assert values == pytest.approx([formula(x) for x in points], abs=1e-6)


def test_unknown_activation_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'relu'"):
        Mlp(8, 16, act="relu")


def test_swiglu_gates_with_the_first_half() -> None:
    torch.manual_seed(0)
    mlp, x = SwiGLU(8, 5), torch.randn(3, 8)
    hidden = mlp.fc1(x)
    gate, up = hidden[:, :5], hidden[:, 5:]
    expected = mlp.fc2(gate * torch.sigmoid(gate) * up)
    torch.testing.assert_close(mlp(x), expected)


def test_layer_scale_starts_at_its_value_on_every_channel() -> None:
    x = torch.randn(2, 3, 8)
    torch.testing.assert_close(LayerScale(8, 1e-5)(x), 1e-5 * x)


def test_drop_path_is_the_identity_in_eval() -> None:
    x = torch.randn(4, 3)
    assert DropPath(0.9).eval()(x) is x


def test_drop_path_drops_whole_samples_and_scales_the_rest() -> None:
    torch.manual_seed(0)
    kept = DropPath(0.25).train()(torch.ones(4000, 3, 2))
    one_value_each = kept[:, 0, 0]
    assert torch.equal(kept, one_value_each[:, None, None].expand(4000, 3, 2))
    assert one_value_each.unique().tolist() == pytest.approx([0.0, 4 / 3])
    dropped = float((one_value_each == 0).float().mean())
    assert dropped == pytest.approx(0.25, abs=0.03)  # four standard deviations


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_impossible_drop_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\)"):
        DropPath(rate)


def test_block_normalises_before_each_branch() -> None:
    torch.manual_seed(0)
    block, x = Block(32, 4, 64), torch.randn(2, 5, 32)
    middle = x + block.attn(block.norm1(x))
    torch.testing.assert_close(block(x), middle + block.mlp(block.norm2(middle)))


def test_block_with_tiny_layer_scale_is_almost_the_identity() -> None:
    torch.manual_seed(0)
    block, x = Block(32, 4, 64, layer_scale=1e-6), torch.randn(2, 5, 32)
    assert float((block(x) - x).detach().abs().max()) < 1e-4


def test_block_that_always_keeps_equals_one_without_drop_path() -> None:
    torch.manual_seed(0)
    block, x = Block(32, 4, 64, drop_path=0.5), torch.randn(2, 5, 32)
    plain = Block(32, 4, 64)
    plain.load_state_dict(block.state_dict())
    torch.testing.assert_close(block.eval()(x), plain(x))
    torch.manual_seed(1)
    assert not torch.allclose(block.train()(x), plain(x))


def test_block_mask_keeps_hidden_tokens_out() -> None:
    torch.manual_seed(0)
    block, x = Block(32, 4, 64), torch.randn(1, 5, 32)
    mask = torch.ones(5, 5, dtype=torch.bool)
    mask[:, 4] = False
    mask[4, 4] = True
    torch.testing.assert_close(block(x, mask)[:, :4], block(x[:, :4]))


def test_mean_pool_averages_and_cls_pool_takes_the_first() -> None:
    tokens = torch.randn(2, 5, 8)
    torch.testing.assert_close(mean_pool(tokens), tokens.sum(1) / 5)
    assert torch.equal(cls_pool(tokens), tokens[:, 0])


def test_cls_pool_without_prefix_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a class token"):
        cls_pool(torch.zeros(2, 0, 8))


def test_attention_pool_does_not_depend_on_the_order_of_tokens() -> None:
    torch.manual_seed(0)
    pool, tokens = AttentionPool(32, 4, 64), torch.randn(2, 9, 32)
    torch.nn.init.normal_(pool.latent)
    pooled = pool(tokens)
    assert pooled.shape == (2, 32)
    torch.testing.assert_close(pool(tokens[:, torch.randperm(9)]), pooled)
