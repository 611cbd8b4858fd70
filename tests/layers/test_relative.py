"""Relative position bias: one number for each offset, wherever the patches stand."""

from __future__ import annotations

import pytest
import torch

from vislearn.layers.attention import Attention
from vislearn.layers.relative import RelativeBias, relative_index


def random_bias(grid: tuple[int, int], heads: int = 3, prefix: int = 0) -> RelativeBias:
    torch.manual_seed(0)
    bias = RelativeBias(grid, heads, prefix)
    torch.nn.init.normal_(bias.relative_position_bias_table)
    return bias


def test_same_offset_has_the_same_number_and_other_offsets_another() -> None:
    numbers: dict[tuple[int, int], set[int]] = {}
    index = relative_index((3, 4))
    for query in range(12):
        for key in range(12):
            offset = (query // 4 - key // 4, query % 4 - key % 4)
            numbers.setdefault(offset, set()).add(int(index[query, key]))
    assert all(len(found) == 1 for found in numbers.values())
    assert sorted(found.pop() for found in numbers.values()) == list(range(5 * 7))


def test_bias_is_read_from_the_table_by_offset() -> None:
    bias = random_bias((3, 4))
    table = bias.relative_position_bias_table.view(5, 7, 3)
    scores = bias((3, 4))
    assert scores.shape == (1, 3, 12, 12)
    query, key = 2 * 4 + 1, 0 * 4 + 3  # two rows down, two columns to the left
    assert torch.equal(scores[0, :, query, key], table[2 + 2, -2 + 3])


def test_prefix_tokens_share_three_entries() -> None:
    bias = random_bias((3, 4), prefix=2)
    out, back, among = bias.relative_position_bias_table[-3:]
    scores = bias((3, 4))[0].permute(1, 2, 0)  # (T, T, h)
    assert scores.shape == (14, 14, 3)
    assert (scores[:2, 2:] == out).all()
    assert (scores[2:, :2] == back).all()
    assert (scores[:2, :2] == among).all()
    without = RelativeBias((3, 4), 3)
    without.relative_position_bias_table.data = bias.relative_position_bias_table[:-3]
    assert torch.equal(scores[2:, 2:].permute(2, 0, 1), without((3, 4))[0])


def test_table_for_another_grid_is_the_table_stretched_as_a_picture() -> None:
    """A bias that grows with the distance keeps doing so, and stays symmetric."""
    bias = RelativeBias((5, 4), 1)
    rows, columns = torch.meshgrid(
        torch.linspace(-1, 1, 9), torch.linspace(-1, 1, 7), indexing="ij"
    )
    bias.relative_position_bias_table.data = (rows**2 + columns**2).view(-1, 1)
    offsets, _ = bias.entries((7, 8))
    picture = offsets.view(13, 15)
    torch.testing.assert_close(picture, picture.flip(0, 1), rtol=1e-4, atol=1e-5)
    assert int(picture.argmin()) == 6 * 15 + 7  # no offset
    assert (picture[6:, 7].diff() > 0).all()
    assert (picture[6, 7:].diff() > 0).all()


def test_prefix_entries_are_not_stretched() -> None:
    bias = random_bias((3, 4), prefix=1)
    _, rest = bias.entries((6, 8))
    assert torch.equal(rest, bias.relative_position_bias_table[-3:])
    assert bias((6, 8)).shape == (1, 3, 49, 49)


def test_every_entry_receives_a_gradient() -> None:
    bias = random_bias((3, 4), prefix=1)
    bias((3, 4)).square().sum().backward()
    assert (bias.relative_position_bias_table.grad != 0).all()


def test_readable_and_fused_attention_agree_with_a_bias() -> None:
    torch.manual_seed(0)
    layer, x = Attention(30, 3), torch.randn(2, 13, 30)
    bias = random_bias((3, 4), prefix=1)((3, 4))
    fused = layer(x, bias)
    layer.fused = False
    torch.testing.assert_close(layer(x, bias), fused, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(layer(x), fused, atol=1e-3)


@pytest.mark.parametrize("grid", [(3, 4), (5, 5)])
def test_bias_exists_on_the_meta_device(grid) -> None:
    with torch.device("meta"):
        bias = RelativeBias((3, 4), 3, prefix=1)
    assert bias(grid).shape == (1, 3, 1 + grid[0] * grid[1], 1 + grid[0] * grid[1])
