"""Linear layers without a bias on the keys, and with a norm in front."""

from __future__ import annotations

import torch
from torch import nn

from vislearn.layers.attention import Attention
from vislearn.layers.linear import NormedLinear, QVLinear


def test_q_and_v_have_a_bias_and_k_has_none() -> None:
    layer = QVLinear(3)
    with torch.no_grad():
        layer.q_bias.fill_(1)
        layer.v_bias.fill_(2)
    assert layer(torch.zeros(3)).tolist() == [1, 1, 1, 0, 0, 0, 2, 2, 2]


def test_attention_takes_it_for_its_packed_layer() -> None:
    torch.manual_seed(0)
    ours, plain = Attention(12, 3), Attention(12, 3)
    ours.qkv = QVLinear(12)
    nn.init.normal_(ours.qkv.q_bias)
    nn.init.normal_(ours.qkv.v_bias)
    bias = torch.cat([ours.qkv.q_bias, torch.zeros(12), ours.qkv.v_bias])
    plain.qkv.load_state_dict({"weight": ours.qkv.weight, "bias": bias})
    plain.proj.load_state_dict(ours.proj.state_dict())
    x = torch.randn(2, 5, 12)
    torch.testing.assert_close(ours(x), plain(x))


def test_attention_cannot_see_a_bias_on_the_keys() -> None:
    torch.manual_seed(0)
    layer, x = Attention(12, 3), torch.randn(2, 5, 12)
    before = layer(x)
    with torch.no_grad():
        layer.qkv.bias[12:24] += 10
    torch.testing.assert_close(layer(x), before)


def test_normed_linear_is_a_norm_and_a_linear_layer() -> None:
    torch.manual_seed(0)
    layer, x = NormedLinear(6, 4, eps=1e-3), torch.randn(2, 5, 6)
    nn.init.normal_(layer.norm.weight)
    nn.init.normal_(layer.norm.bias)
    norm = nn.functional.layer_norm(x, (6,), layer.norm.weight, layer.norm.bias, 1e-3)
    expected = norm @ layer.weight.T + layer.bias
    torch.testing.assert_close(layer(x), expected)


def test_both_load_the_weights_of_a_plain_linear_layer() -> None:
    """They are linear layers, so that what initialises those initialises them."""
    assert isinstance(QVLinear(4), nn.Linear)
    layer, plain = NormedLinear(4, 4), nn.Linear(4, 4)
    missing = layer.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing == ["norm.weight", "norm.bias"]
