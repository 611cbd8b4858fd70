"""Attention rollout against products worked out by hand."""

import pytest
import torch

from vislearn.show import attention_rollout

HALF = torch.tensor([[0.5, 0.5], [0.5, 0.5]])
SWAP = torch.tensor([[0.0, 1.0], [1.0, 0.0]])


def maps(*tables: torch.Tensor) -> list[torch.Tensor]:
    """One image, one head per block."""
    return [table[None, None] for table in tables]


def test_one_block_keeps_half_of_what_was_there():
    rolled = attention_rollout(maps(SWAP))
    assert torch.equal(rolled[0], torch.full((2, 2), 0.5))


def test_two_blocks_multiply_the_later_one_from_the_left():
    """Worked out by hand: token 0 copies token 1 first, then token 2 copies token 0.

    After block 1 token 0 holds half of token 1. Block 2 then hands half of that to
    token 2: a quarter of token 1. In the other order nothing of token 1 arrives.
    """
    first = torch.tensor([[0.0, 1, 0], [0, 1, 0], [0, 0, 1]])
    second = torch.tensor([[1.0, 0, 0], [0, 1, 0], [1, 0, 0]])
    rolled = attention_rollout(maps(first, second))[0]
    assert rolled[2].tolist() == [0.25, 0.25, 0.5]
    reverse = attention_rollout(maps(second, first))[0]
    assert reverse[2].tolist() == [0.5, 0.0, 0.5]


def test_rows_sum_to_one():
    torch.manual_seed(0)
    tables = [torch.softmax(torch.randn(2, 3, 5, 5), -1) for _ in range(4)]
    rolled = attention_rollout(tables)
    assert rolled.shape == (2, 5, 5)
    assert torch.allclose(rolled.sum(-1), torch.ones(2, 5))


def test_heads_are_averaged():
    both = torch.stack([HALF, SWAP])[None]
    mean = both.mean(1, keepdim=True)
    assert torch.allclose(attention_rollout([both]), attention_rollout([mean]))


def test_it_reads_what_show_attention_records():
    import vislearn
    from vislearn import show

    torch.manual_seed(0)
    model = vislearn.create_model(
        "vit_ti16", img_size=16, patch_size=4, width=16, depth=3, heads=2
    )
    with show.attention(model) as recorded, torch.no_grad():
        model(torch.rand(2, 3, 16, 16))
    rolled = attention_rollout(recorded)
    assert rolled.shape == (2, 17, 17)
    assert torch.allclose(rolled.sum(-1), torch.ones(2, 17), atol=1e-5)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([], "no attention maps"),
        ([torch.ones(1, 1, 2, 3)], "block 0"),
        ([torch.ones(1, 1, 2, 2), torch.ones(1, 1, 3, 3)], "block 1"),
        ([torch.ones(1, 1, 2, 2), torch.ones(2, 1, 2, 2)], "block 1"),
    ],
)
def test_maps_that_do_not_fit_are_refused(tables, message):
    with pytest.raises(ValueError, match=message):
        attention_rollout(tables)
