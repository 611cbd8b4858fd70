"""The text tower: who sees whom, where the text is read, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vislearn.encoders.text import TextConfig, TextTransformer, causal_mask
from vislearn.layers.attention import Attention, record_attention

TINY = {
    "vocab_size": 50,
    "context": 12,
    "width": 32,
    "depth": 2,
    "heads": 4,
    "embed_dim": 16,
}
END = 49  # the largest id
SIGLIP = {"causal": False, "pooling": "last", "proj_bias": True}


def tiny(**options) -> TextTransformer:
    torch.manual_seed(0)
    return TextTransformer(TextConfig(**{**TINY, **options})).eval()


def text(*words: int, length: int = 12) -> Tensor:
    """One text: words, the end, zeros."""
    ids = torch.tensor([*words, END])
    return F.pad(ids, (0, length - len(ids)))[None]


def test_a_text_becomes_one_vector() -> None:
    assert tiny()(text(1, 2, 3)).shape == (1, 16)
    assert tiny().encode(text(1, 2, 3)).shape == (1, 12, 32)


@pytest.mark.parametrize("causal", [True, False])
def test_a_word_sees_what_follows_only_if_the_tower_is_not_causal(causal) -> None:
    model = tiny(causal=causal)
    before, after = model.encode(text(1, 2, 3)), model.encode(text(1, 2, 7))
    change = (before - after).abs().amax(dim=(0, 2))  # (L,)
    assert (change[2:] > 1e-4).all()
    assert bool((change[:2] == 0).all()) == causal


def test_causal_mask_lets_each_token_look_back_and_at_itself() -> None:
    expected = [[True, False, False], [True, True, False], [True, True, True]]
    assert causal_mask(3).tolist() == expected


def test_recorded_maps_are_triangles() -> None:
    model = tiny()
    with record_attention(model) as maps:
        model(text(1, 2, 3))
    assert [tuple(weights.shape) for weights in maps] == [(1, 4, 12, 12)] * 2
    for weights in maps:
        assert (weights.triu(diagonal=1) == 0).all()
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(1, 4, 12))


def test_what_follows_the_end_is_not_read() -> None:
    model = tiny()
    clean, dirty = text(1, 2), text(1, 2)
    dirty[0, 3:] = torch.arange(5, 14)
    assert torch.equal(model(clean), model(dirty))


def test_shorter_batches_give_the_same_vectors() -> None:
    model = tiny()
    torch.testing.assert_close(model(text(1, 2, length=3)), model(text(1, 2)))


def test_padding_with_the_end_token_changes_nothing() -> None:
    """The first of several ends is read, so that transformers' padding fits, too."""
    ids = text(1, 2, 3)
    padded = ids.masked_fill(ids == 0, END)
    assert torch.equal(tiny()(ids), tiny()(padded))


def test_the_end_is_found_by_its_largest_id() -> None:
    model = tiny()
    ids = torch.cat([text(1), text(1, 2, 3, 4, 5)])
    x = model.encode(ids)
    assert torch.equal(model.pool(x, ids), torch.stack([x[0, 1], x[1, 5]]))


def test_siglip_reads_the_last_position() -> None:
    model = tiny(**SIGLIP)
    ids = text(1, 2, 3)
    x = model.encode(ids)
    assert torch.equal(model(ids), model.proj(x[:, -1]))
    assert model.proj.bias is not None


@pytest.mark.parametrize("options", [{}, SIGLIP], ids=["clip", "siglip"])
def test_readable_attention_gives_what_the_fused_one_gives(options) -> None:
    model = tiny(**options)
    ids = torch.cat([text(1, 2, 3), text(*range(1, 12))])
    fused = model.encode(ids)
    for module in model.modules():
        if isinstance(module, Attention):
            module.fused = False
    torch.testing.assert_close(model.encode(ids), fused)


def test_texts_of_a_batch_do_not_see_each_other() -> None:
    model = tiny()
    both = model(torch.cat([text(1, 2, 3), text(4)]))
    torch.testing.assert_close(both[:1], model(text(1, 2, 3)))


@pytest.mark.parametrize("options", [{}, SIGLIP], ids=["clip", "siglip"])
def test_every_parameter_receives_a_gradient(options) -> None:
    model = tiny(**options)
    model(text(1, 2, 3)).square().sum().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


def test_fresh_weights_have_clips_scales() -> None:
    model = tiny(vocab_size=2000, context=200, width=128, depth=3, embed_dim=256)
    state = model.state_dict()
    expected = {
        "token_embed.weight": 0.02,
        "pos_embed": 0.01,
        "blocks.0.attn.qkv.weight": 128**-0.5,
        "blocks.2.attn.proj.weight": (2 * 3 * 128) ** -0.5,
        "blocks.0.mlp.fc1.weight": (2 * 128) ** -0.5,
        "blocks.1.mlp.fc2.weight": (2 * 3 * 128) ** -0.5,
        "proj.weight": 128**-0.5,
    }
    for key, std in expected.items():
        assert float(state[key].std()) == pytest.approx(std, rel=0.03), key
    biases = [p for n, p in model.named_parameters() if n.endswith("bias")]
    assert biases
    assert all((bias == 0).all() for bias in biases)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32], ids=str)
def test_ids_may_be_of_two_dtypes(dtype) -> None:
    model, ids = tiny(), text(1, 2)
    assert torch.equal(model(ids.to(dtype)), model(ids))


def test_no_texts_give_no_vectors() -> None:
    assert tiny()(torch.zeros(0, 12, dtype=torch.int64)).shape == (0, 16)


def test_meta_tower_runs_shapes_only() -> None:
    with torch.device("meta"):
        model = TextTransformer(TextConfig(width=1280, depth=32, heads=20))
    ids = torch.empty(3, 77, dtype=torch.int64, device="meta")
    assert model(ids).shape == (3, 512)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_close(dtype) -> None:
    model, ids = tiny(), text(1, 2, 3)
    expected = model(ids)
    out = model.to(dtype)(ids)
    assert out.dtype == dtype
    torch.testing.assert_close(out.float(), expected, rtol=0.05, atol=0.05)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: torch.zeros(5, dtype=torch.int64), r"ids \(B, L\) .* got \(5,\) of"),
        (lambda: torch.zeros(1, 5), r"got \(1, 5\) of torch.float32"),
        (lambda: torch.zeros(1, 5, dtype=torch.bool), r"of torch.bool"),
        (
            lambda: torch.zeros(2, 13, dtype=torch.int64),
            "texts of 13 tokens do not fit the context of 12",
        ),
        (lambda: torch.zeros(2, 0, dtype=torch.int64), "texts of 0 tokens"),
        (lambda: torch.tensor([[1, 50]]), "must lie in 0 … 49, got 50"),
        (lambda: torch.tensor([[-1, 49]]), "must lie in 0 … 49, got -1"),
    ],
)
def test_impossible_ids_are_refused(make: Callable[[], Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        tiny()(make())
    assert "\n" not in str(caught.value)


def test_ids_in_a_list_are_refused() -> None:
    ids: Any = [[1, 2, END]]
    with pytest.raises(ValueError, match=r"expected token ids \(B, L\) .* got list"):
        tiny()(ids)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 5}, "text width 32 is not divisible by heads 5"),
        ({"depth": 0}, "text depth must be at least 1, got 0"),
        ({"context": 0}, "text context must be at least 1, got 0"),
        ({"vocab_size": -3}, "text vocab_size must be at least 1, got -3"),
        ({"mlp_hidden": 0}, "text hidden must be at least 1, got 0"),
        ({"pooling": "cls"}, "text pooling must be one of eot, last, got 'cls'"),
        ({"act": "relu"}, "'relu'"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)
