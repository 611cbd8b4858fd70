"""The Vision Transformer's contract: shapes, order of tokens, sizes, errors."""

from __future__ import annotations

import pytest
import torch

import vislearn
from vislearn.encoders.vit import ViT, ViTConfig

TINY = {"img_size": 32, "patch_size": 8, "width": 32, "depth": 2, "heads": 4}


def tiny(**options) -> ViT:
    torch.manual_seed(0)
    return ViT(ViTConfig(**{**TINY, **options})).eval()


@pytest.mark.parametrize("pos", ["learned", "factorised", "sincos_1d", "sincos_2d"])
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
    blind, seeing = tiny(pos="none"), tiny(pos="learned")
    torch.testing.assert_close(blind(images).pooled, blind(upside_down).pooled)
    assert not torch.allclose(seeing(images).pooled, seeing(upside_down).pooled)


def test_fixed_positions_are_not_trained() -> None:
    model = tiny(pos="sincos_2d")
    assert "pos_embed" not in dict(model.named_parameters())
    assert "pos_embed" in model.state_dict()


def test_hidden_states_end_in_the_tokens_of_the_output() -> None:
    model, images = tiny(), torch.randn(2, 3, 32, 32)
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
        registers=1, layer_scale=0.1, pre_norm=True, pooling="map", num_classes=3
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
        ({"pos": "rope"}, "got 'rope'"),
        ({"pooling": "max"}, "got 'max'"),
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
