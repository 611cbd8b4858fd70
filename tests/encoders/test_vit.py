"""The Vision Transformer's contract: shapes, order of tokens, sizes, errors."""

from __future__ import annotations

import pytest
import torch

import vislearn
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers.attention import record_attention
from vislearn.layers.positions import KINDS
from vislearn.layers.rope import EVA02

TINY = {"img_size": 32, "patch_size": 8, "width": 32, "depth": 2, "heads": 4}


def tiny(**options) -> ViT:
    torch.manual_seed(0)
    return ViT(ViTConfig(**{**TINY, **options})).eval()


def enlarged(model: ViT) -> ViT:
    """The same model with weights of which a difference can be seen."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(5)
    return model


@pytest.mark.parametrize("pos", KINDS)
@pytest.mark.parametrize("pos_prefix", [True, False])
@pytest.mark.parametrize("size", [(32, 32), (48, 48), (24, 40)])
def test_every_position_kind_takes_every_size(pos, pos_prefix, size) -> None:
    model = tiny(pos=pos, pos_prefix=pos_prefix, registers=2)
    out = model(torch.randn(2, 3, *size))
    h, w = size[0] // 8, size[1] // 8
    assert out.grid == (h, w)
    assert out.tokens.shape == (2, h * w, 32)
    assert out.prefix.shape == (2, 3, 32)
    assert out.feature_map.shape == (2, 32, h, w)


@pytest.mark.parametrize(
    ("pooling", "class_token"),
    [("cls", True), ("gap", True), ("gap", False), ("map", False)],
)
def test_pooled_is_what_its_name_says(pooling: str, class_token: bool) -> None:
    model = tiny(pooling=pooling, class_token=class_token, num_classes=5)
    out = model(torch.randn(2, 3, 32, 32))
    expected = {
        "cls": lambda: out.prefix[:, 0],
        "gap": lambda: out.tokens.mean(1),
        "map": lambda: model.attn_pool(out.all_tokens),
    }[pooling]()
    torch.testing.assert_close(out.pooled, expected)
    torch.testing.assert_close(out.logits, model.head(out.pooled))


def test_model_without_classes_has_no_logits() -> None:
    assert tiny()(torch.randn(1, 3, 32, 32)).logits is None


def test_prefix_order_is_cls_then_registers_then_patches() -> None:
    model = tiny(registers=2, pos="none")
    x = model.embed(torch.randn(1, 3, 32, 32))
    assert torch.equal(x[:, :1], model.cls_token)
    assert torch.equal(x[:, 1:3], model.reg_token)


def test_without_positions_the_image_is_a_bag_of_patches() -> None:
    images = torch.randn(1, 3, 32, 32)
    upside_down = images.unflatten(2, (4, 8)).flip(2).flatten(2, 3)  # patch rows only
    blind = tiny(pos="none")
    torch.testing.assert_close(blind(images).pooled, blind(upside_down).pooled)
    for kind in KINDS:
        if kind != "none":
            seeing = enlarged(tiny(pos=kind))
            change = seeing(images).pooled - seeing(upside_down).pooled
            assert change.abs().max() > 1e-3, kind


def test_fixed_positions_are_not_trained() -> None:
    model = tiny(pos="sincos_2d")
    assert "pos_embed" not in dict(model.named_parameters())
    assert "pos_embed" in model.state_dict()


def test_rope_has_nothing_to_learn_and_nothing_to_store() -> None:
    none, rope = tiny(pos="none"), tiny(pos="rope")
    assert rope.state_dict().keys() == none.state_dict().keys()


def test_rope_turns_by_the_style_of_the_config() -> None:
    images = torch.randn(1, 3, 24, 40)
    dinov3, eva02 = tiny(pos="rope"), tiny(pos="rope", rope=EVA02)
    eva02.load_state_dict(dinov3.state_dict())
    change = dinov3(images).pooled - eva02(images).pooled
    assert change.abs().max() > 1e-4


def test_relative_positions_have_a_table_of_offsets_for_each_block() -> None:
    model = tiny(pos="relative", registers=2, img_size=(24, 40))
    shapes = [tuple(p.shape) for n, p in model.named_parameters() if "rel_pos" in n]
    assert shapes == [(5 * 9 + 3, 4)] * 2
    assert model.pos_embed is None


@pytest.mark.parametrize(
    ("pos", "offset_only"), [("relative", True), ("rope", True), ("learned", False)]
)
def test_positions_inside_attention_see_the_offset_not_the_place(
    pos: str, offset_only: bool
) -> None:
    """Alone in an empty picture, a patch looks at its neighbour wherever it stands."""
    model = enlarged(tiny(pos=pos, depth=1, class_token=False, pooling="gap"))
    image = torch.zeros(1, 3, 32, 32)
    image[..., 8:16, 8:16] = torch.randn(3, 8, 8)
    with record_attention(model) as maps:
        model(image)
        model(image.roll((8, 8), dims=(2, 3)))
    looks = []
    for weights, place in zip(maps, (1 * 4 + 1, 2 * 4 + 2), strict=True):
        row = weights[0, :, place].log()  # scores, up to a constant for each query
        looks.append(row[:, place - 1] - row[:, place])
    assert torch.allclose(*looks, rtol=1e-4, atol=1e-4) == offset_only


def test_recording_leaves_the_probe_for_last() -> None:
    model = tiny(pooling="map", class_token=False)
    with record_attention(model) as maps:
        model(torch.randn(2, 3, 32, 32))
    shapes = [tuple(weights.shape) for weights in maps]
    assert shapes == [(2, 4, 16, 16), (2, 4, 16, 16), (2, 4, 1, 16)]


@pytest.mark.parametrize("pos", ["learned", "relative", "rope"])
def test_hidden_states_end_in_the_tokens_of_the_output(pos) -> None:
    model, images = tiny(pos=pos), torch.randn(2, 3, 24, 40)
    states = model.hidden_states(images)
    assert len(states) == 3
    torch.testing.assert_close(model.norm(states[-1]), model(images).all_tokens)


def test_drop_path_grows_linearly_with_depth() -> None:
    model = tiny(depth=5, drop_path=0.4)
    rates = [block.drop_path.rate for block in model.blocks]
    assert rates == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_fresh_weights_have_the_published_scale() -> None:
    torch.manual_seed(0)
    model = vislearn.create_model("vit_ti16", depth=1, num_classes=10)
    expected = {
        "blocks.0.attn.qkv.weight": 0.02,
        "pos_embed": 0.02,
        "patch_embed.proj.weight": (3 * 16 * 16) ** -0.5,
    }
    state = model.state_dict()
    for key, std in expected.items():
        assert float(state[key].std()) == pytest.approx(std, rel=0.02)
    biases = [p for n, p in model.named_parameters() if n.endswith("bias")]
    assert all((bias == 0).all() for bias in biases)
    assert model.blocks[0].norm1.eps == 1e-6


def test_every_parameter_receives_a_gradient() -> None:
    model = tiny(
        registers=1,
        layer_scale=0.1,
        pre_norm=True,
        pooling="map",
        num_classes=3,
        pos="relative",
    )
    torch.nn.init.normal_(model.attn_pool.latent)
    model(torch.randn(2, 3, 32, 32)).logits.square().sum().backward()
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert without == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"img_size": 225}, "img_size 225 is not divisible by patch_size 8"),
        ({"img_size": (32, 36)}, r"img_size \(32, 36\) is not divisible"),
        ({"heads": 5}, "width 32 is not divisible by heads 5"),
        ({"depth": 0}, "depth must be at least 1, got 0"),
        ({"pos": "alibi"}, "pos must be one of learned, .* got 'alibi'"),
        ({"pos": "rope", "width": 40}, "head width divisible by 4, got 10"),
        ({"pooling": "max"}, "pooling must be one of cls, gap, map, got 'max'"),
        ({"class_token": False}, "pooling 'cls' needs class_token=True"),
        ({"act": "relu"}, "'relu'"),
    ],
)
def test_impossible_config_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 2, 32, 32), r"expected images of shape \(B, 3, H, W\), got \(1, 2"),
        ((3, 32, 32), r"got \(3, 32, 32\)"),
        ((1, 3, 33, 33), "img_size 33 is not divisible by patch_size 8"),
    ],
)
def test_impossible_images_are_refused(shape, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny()(torch.zeros(shape))


def test_meta_model_of_two_billion_parameters_runs_shapes_only() -> None:
    model = vislearn.create_model("vit_gigantic14", device="meta")
    out = model(torch.empty(1, 3, 224, 224, device="meta"))
    assert out.tokens.shape == (1, 256, 1664)
