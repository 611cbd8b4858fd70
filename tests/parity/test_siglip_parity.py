"""SigLIP against transformers, open_clip and timm, and mistakes caught.

Every reference is a tiny model with random weights; they are copied into ours with
`vislearn.weights.load`, so its tables of names are tested here, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vislearn.encoders.siglip import SigLIP, SigLIPConfig, SigLIPVision
from vislearn.encoders.text import TextTransformer
from vislearn.layers.pooling import mean_pool
from vislearn.weights import load
from vislearn.weights.siglip_names import from_open_clip, from_transformers

STDS = (0.02, 0.2)  # the small one shows a wrong ε, the large one a wrong GELU
SIZES = ((32, 32), (48, 48), (24, 40))  # the config's, a larger one, not square
BASE = SigLIPConfig(
    img_size=32,
    patch_size=8,
    width=64,
    depth=2,
    heads=4,
    mlp_hidden=176,
    text_width=48,  # other than the images', as in g-opt
    text_depth=2,
    text_heads=4,
    text_hidden=112,
    context=12,
    vocab_size=97,
)
CUT = replace(BASE, img_size=37)  # 4 × 4 patches, 5 pixels left over
EXACT = replace(BASE, act="gelu", text_act="gelu")
MIXED = replace(BASE, act="gelu")


def ids(config: SigLIPConfig = BASE, length: int | None = None) -> Tensor:
    """Token ids (3, L), the largest in the middle: there is no end-of-text to find."""
    generator = torch.Generator().manual_seed(3)
    shape = (3, config.context if length is None else length)
    found = torch.randint(config.vocab_size - 1, shape, generator=generator)
    found[:, shape[1] // 2] = config.vocab_size - 1
    return found


def build_timm(timm, config: SigLIPConfig, dynamic: bool = True) -> Any:
    """timm's image tower of the same config."""
    return timm.models.vision_transformer.VisionTransformer(
        img_size=config.image_shape,
        patch_size=config.patch_size,
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.heads,
        mlp_ratio=config.visual.hidden / config.width,
        act_layer=config.act,
        num_classes=0,
        class_token=False,
        global_pool="map",
        dynamic_img_size=dynamic,
    )


def build_open_clip(open_clip, timm, config: SigLIPConfig) -> Any:
    """open_clip's SigLIP around timm's tower of the same config."""
    text = {
        "context_length": config.context,
        "vocab_size": config.vocab_size,
        "width": config.text_width,
        "heads": config.text_heads,
        "layers": config.text_depth,
        "mlp_ratio": config.text.hidden / config.text_width,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
        "norm_kwargs": {"eps": config.norm_eps},
    }
    if config.text_act == "gelu_tanh":
        text["act_kwargs"] = {"approximate": "tanh"}
    vision = {"image_size": 32, "patch_size": 32, "width": 64, "layers": 1}
    model = open_clip.model.CustomTextCLIP(
        embed_dim=config.embed_dim,
        vision_cfg=vision,
        text_cfg=text,
        init_logit_bias=-10,
    )
    tower = open_clip.timm_model.TimmModel.__new__(open_clip.timm_model.TimmModel)
    nn.Module.__init__(tower)  # without building one of timm's full-size models
    tower.trunk, tower.head = build_timm(timm, config), nn.Sequential()
    model.visual = tower
    return model


def build_transformers(transformers, config: SigLIPConfig) -> Any:
    """transformers' SigLIP of the same config."""
    act = {"gelu_tanh": "gelu_pytorch_tanh", "gelu": "gelu"}
    settings = transformers.SiglipConfig(
        vision_config={
            "image_size": config.img_size,
            "patch_size": config.patch_size,
            "hidden_size": config.width,
            "num_hidden_layers": config.depth,
            "num_attention_heads": config.heads,
            "intermediate_size": config.visual.hidden,
            "hidden_act": act[config.act],
            "layer_norm_eps": config.norm_eps,
        },
        text_config={
            "vocab_size": config.vocab_size,
            "max_position_embeddings": config.context,
            "hidden_size": config.text_width,
            "num_hidden_layers": config.text_depth,
            "num_attention_heads": config.text_heads,
            "intermediate_size": config.text.hidden,
            "projection_size": config.embed_dim,
            "hidden_act": act[config.text_act],
            "layer_norm_eps": config.norm_eps,
            "bos_token_id": 0,
            "eos_token_id": 1,
        },
    )
    return transformers.SiglipModel(settings)


def gradients(module: nn.Module, output: Tensor) -> dict[str, Tensor]:
    """Gradients of a fixed random projection, by parameter name."""
    direction = torch.randn(output.shape, generator=torch.Generator().manual_seed(2))
    module.zero_grad()
    (output * direction).sum().backward()
    return {
        name: parameter.grad
        for name, parameter in module.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("config", [BASE, EXACT], ids=["tanh", "exact"])
def test_image_tower_equals_timm(
    config, std, size, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), config), std)
    ours = load(SigLIPVision(config.visual).eval(), theirs.state_dict(), "timm")
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
        record_parity("SigLIP", "timm", "tokens", difference(out.tokens, expected))
        record_parity("SigLIP", "timm", "pooled", difference(out.pooled, theirs(x)))


@pytest.mark.parametrize("size", [(37, 37), (39, 50), (47, 32)], ids=str)
@pytest.mark.parametrize("std", STDS)
def test_what_is_cut_off_is_cut_off_by_timm_and_transformers(
    std, size, reference, randomise, images, difference, record_parity
) -> None:
    x = images(*size)
    config = replace(BASE, img_size=size)
    theirs = randomise(build_timm(reference("timm"), config, dynamic=False), std)
    ours = load(SigLIPVision(config.visual).eval(), theirs.state_dict(), "timm")
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
    assert out.grid == (size[0] // 8, size[1] // 8)
    record_parity("SigLIP, cut", "timm", "tokens", difference(out.tokens, expected))

    config = replace(CUT, pos_antialias=False)
    hugging: Any = randomise(build_transformers(reference("transformers"), config), std)
    dual: Any = load(SigLIP(config).eval(), hugging.state_dict(), "transformers")
    with torch.no_grad():
        expected = hugging.vision_model(x, interpolate_pos_encoding=True)
        out = dual(x)
    error = difference(out.tokens, expected.last_hidden_state)
    record_parity("SigLIP, cut", "transformers", "tokens", error)
    error = difference(out.pooled, expected.pooler_output)
    record_parity("SigLIP, cut", "transformers", "pooled", error)


@pytest.mark.parametrize("std", STDS)
def test_gradients_of_the_image_tower_equal_timm(
    std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), BASE), std)
    ours = load(SigLIPVision(BASE.visual).eval(), theirs.state_dict(), "timm")
    x = images(24, 40)
    error = gradient_difference(
        gradients(ours, ours(x).pooled), gradients(theirs, theirs(x))
    )
    record_parity("SigLIP", "timm", "gradients", error)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("config", [BASE, EXACT], ids=["tanh", "exact"])
def test_equals_transformers(
    config, std, size, reference, randomise, images, difference, record_parity
) -> None:
    config = replace(config, pos_antialias=False)
    theirs = randomise(build_transformers(reference("transformers"), config), std)
    ours: Any = load(SigLIP(config).eval(), theirs.state_dict(), "transformers")
    x, words = images(*size), ids()
    with torch.no_grad():
        expected = theirs(words, x, interpolate_pos_encoding=True)
        image, text = ours.encode_image(x), ours.encode_text(words)
        vision, language = expected.vision_model_output, expected.text_model_output
        for quantity, value, wanted in (
            ("tokens", ours(x).tokens, vision.last_hidden_state),
            ("pooled", ours(x).pooled, vision.pooler_output),
            ("text tokens", ours.text.encode(words), language.last_hidden_state),
            ("text", ours.encode_text(words, normalize=False), language.pooler_output),
            ("embeddings", image, expected.image_embeds),
            ("embeddings", text, expected.text_embeds),
            ("logits", ours.logits(image, text), expected.logits_per_image),
        ):
            record_parity("SigLIP", "transformers", quantity, difference(value, wanted))


@pytest.mark.parametrize("std", STDS)
def test_gradients_equal_transformers(
    std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    """Through the logits, so that scale and bias are among them."""
    theirs = randomise(build_transformers(reference("transformers"), BASE), std)
    ours: Any = load(SigLIP(BASE).eval(), theirs.state_dict(), "transformers")
    x, words = images(32, 32), ids()
    expected = gradients(theirs, theirs(words, x).logits_per_image)
    logits = ours.logits(ours.encode_image(x), ours.encode_text(words))
    error = gradient_difference(gradients(ours, logits), from_transformers(expected))
    record_parity("SigLIP", "transformers", "gradients", error)


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("length", [12, 7])
@pytest.mark.parametrize(
    "config", [BASE, EXACT, MIXED], ids=["tanh", "exact", "image exact, text tanh"]
)
def test_equals_open_clip(
    config, length, std, reference, randomise, images, difference, record_parity
) -> None:
    timm, open_clip = reference("timm"), reference("open_clip")
    theirs = randomise(build_open_clip(open_clip, timm, config), std)
    ours: Any = load(SigLIP(config).eval(), theirs.state_dict(), "open_clip")
    x, words = images(24, 40), ids(config, length)
    with torch.no_grad():
        image, text = ours.encode_image(x), ours.encode_text(words)
        logits, _ = theirs.get_logits(x, words)
        for quantity, value, wanted in (
            ("pooled", ours.encode_image(x, normalize=False), theirs.encode_image(x)),
            ("text", ours.encode_text(words, normalize=False), theirs.text(words)),
            ("embeddings", image, theirs.encode_image(x, normalize=True)),
            ("embeddings", text, theirs.encode_text(words, normalize=True)),
            ("logits", ours.logits(image, text), logits),
        ):
            record_parity("SigLIP", "open_clip", quantity, difference(value, wanted))


@pytest.mark.parametrize("std", STDS)
def test_gradients_equal_open_clip(
    std, reference, randomise, images, gradient_difference, record_parity
) -> None:
    timm, open_clip = reference("timm"), reference("open_clip")
    theirs = randomise(build_open_clip(open_clip, timm, BASE), std)
    ours: Any = load(SigLIP(BASE).eval(), theirs.state_dict(), "open_clip")
    x, words = images(32, 32), ids()
    expected = gradients(theirs, theirs.get_logits(x, words)[0])
    logits = ours.logits(ours.encode_image(x), ours.encode_text(words))
    error = gradient_difference(gradients(ours, logits), from_open_clip(expected))
    record_parity("SigLIP", "open_clip", "gradients", error)


def test_an_image_tower_loads_from_a_part_or_a_whole(
    reference, randomise, images, difference
) -> None:
    """transformers' vision model (version 4 has a prefix, 5 none), and open_clip's."""
    theirs = randomise(build_transformers(reference("transformers"), BASE), 0.2)
    alone = theirs.vision_model.state_dict()
    old = {f"vision_model.{key}": value for key, value in alone.items()}
    other = build_open_clip(reference("open_clip"), reference("timm"), BASE)
    randomise(other, 0.2)
    x = images(32, 32)
    with torch.no_grad():
        for state, format, expected in (
            (alone, "transformers", theirs.vision_model(x).pooler_output),
            (old, "transformers", theirs.vision_model(x).pooler_output),
            (theirs.state_dict(), "transformers", theirs.vision_model(x).pooler_output),
            (other.state_dict(), "open_clip", other.encode_image(x)),
        ):
            tower = load(SigLIPVision(BASE.visual).eval(), state, format)
            assert difference(tower(x).pooled, expected) <= 1e-5


class AveragePool(SigLIPVision):
    """What one of the seed texts says of SigLIP: no probe, the average."""

    def pool(self, prefix: Tensor, tokens: Tensor) -> Tensor:
        return mean_pool(tokens)


class FirstToken(SigLIPVision):
    """The first token read as if it were a class token."""

    def pool(self, prefix: Tensor, tokens: Tensor) -> Tensor:
        return tokens[:, 0]


class ProbeWithoutMlp(SigLIPVision):
    """Attention pooling as in CLIP's ResNet, without the MLP behind it."""

    def pool(self, prefix: Tensor, tokens: Tensor) -> Tensor:
        assert self.attn_pool is not None
        self.attn_pool.mlp.fc2.weight.data.zero_()
        self.attn_pool.mlp.fc2.bias.data.zero_()
        return self.attn_pool(tokens)


def drop_text_bias(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {**state, "text_model.head.bias": 0 * state["text_model.head.bias"]}


def swap_probe_keys_and_values(state: dict[str, Tensor]) -> dict[str, Tensor]:
    name = "vision_model.head.attention.in_proj_weight"
    q, k, v = state[name].chunk(3)
    return {**state, name: torch.cat([q, v, k])}


def transpose_positions(state: dict[str, Tensor]) -> dict[str, Tensor]:
    name = "vision_model.embeddings.position_embedding.weight"
    table = state[name].unflatten(0, (4, 4)).transpose(0, 1).flatten(0, 1)
    return {**state, name: table}


def text_options(**options: Any) -> Any:
    """A change of the text tower's config that SigLIPConfig does not offer."""

    def build(config: SigLIPConfig) -> SigLIP:
        dual = SigLIP(config)
        dual.text = TextTransformer(replace(config.text, **options))
        return dual

    return build


def with_tower(kind: type[SigLIPVision]) -> Any:
    def build(config: SigLIPConfig) -> SigLIP:
        dual = SigLIP(config)
        dual.visual = kind(config.visual)
        return dual

    return build


MISTAKES: dict[str, Any] = {
    "exact GELU, images": {"act": "gelu"},
    "exact GELU, text": {"text_act": "gelu"},
    "QuickGELU": {"act": "quick_gelu", "text_act": "quick_gelu"},
    "ε of torch's LayerNorm": {"norm_eps": 1e-5},
    "positions resized with smoothing": {"pos_antialias": True},
    "causal text": text_options(causal=True),
    "text read at the largest id": text_options(pooling="eot"),
    "average pooling": with_tower(AveragePool),
    "the first token as CLS": with_tower(FirstToken),
    "no MLP behind the probe": with_tower(ProbeWithoutMlp),
    "bias of the text's last layer lost": drop_text_bias,
    "keys and values of the probe swapped": swap_probe_keys_and_values,
    "position grid transposed": transpose_positions,
}
ON_THE_STATE = (drop_text_bias, swap_probe_keys_and_values, transpose_positions)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tolerance_catches(mistake, reference, randomise, images, difference):
    """Each mistake must exceed the tolerance at one of the two weight scales."""
    transformers, change = reference("transformers"), MISTAKES[mistake]
    right = replace(BASE, pos_antialias=False)
    config = replace(right, **change) if isinstance(change, dict) else right
    build = SigLIP if isinstance(change, dict) or change in ON_THE_STATE else change
    errors = []
    for std in STDS:
        theirs = randomise(build_transformers(transformers, right), std)
        state = theirs.state_dict()
        state = change(state) if change in ON_THE_STATE else state
        ours: Any = load(build(config).eval(), state, "transformers")
        x, words = images(24, 40), ids()
        with torch.no_grad():
            expected = theirs(words, x, interpolate_pos_encoding=True)
            errors += [
                difference(ours.encode_image(x), expected.image_embeds),
                difference(ours.encode_text(words), expected.text_embeds),
            ]
    assert max(errors) > 1e-5
