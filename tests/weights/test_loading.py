"""Loading weights: what is bridged, what is refused, what stays unchanged."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import vislearn
from vislearn.encoders.resnet import ResNet, ResNetConfig
from vislearn.encoders.vit import ViT, ViTConfig
from vislearn.layers.positions import interpolate
from vislearn.weights import cache, load, vit_names

TINY = {"img_size": 32, "patch_size": 8, "width": 32, "depth": 2, "heads": 4}


def tiny(seed: int = 0, **options) -> ViT:
    torch.manual_seed(seed)
    return ViT(ViTConfig(**{**TINY, **options})).eval()


def test_state_dict_of_the_same_model_gives_the_same_features() -> None:
    source, model = tiny(0), tiny(1)
    images = torch.randn(1, 3, 32, 32)
    assert not torch.allclose(model(images).pooled, source(images).pooled)
    assert load(model, source.state_dict()) is model
    assert torch.equal(model(images).pooled, source(images).pooled)


def test_loaded_weights_are_a_copy() -> None:
    source, model = tiny(0), tiny(1)
    load(model, source.state_dict())
    with torch.no_grad():
        source.cls_token.add_(1)
    assert not torch.equal(model.cls_token, source.cls_token)


def test_spare_classifier_is_left_out() -> None:
    load(tiny(), tiny(num_classes=5).state_dict())
    config = ResNetConfig(depths=(1,), width=8, block="basic")
    with_head = ResNet(ResNetConfig(depths=(1,), width=8, block="basic", num_classes=5))
    load(ResNet(config), with_head.state_dict())


def test_missing_classifier_is_not_invented() -> None:
    with pytest.raises(ValueError, match=r"2 missing \(head\.weight, head\.bias\)"):
        load(tiny(num_classes=5), tiny().state_dict())


def test_position_table_of_another_grid_is_resized() -> None:
    small, large = tiny(0), tiny(1, img_size=(32, 48))
    load(large, small.state_dict())
    expected = interpolate(small.pos_embed, (4, 4), (4, 6), prefix=1)
    torch.testing.assert_close(large.pos_embed, expected)


def test_position_table_that_is_not_square_is_reported() -> None:
    wide = tiny(0, img_size=(32, 48))  # 24 patches
    with pytest.raises(
        ValueError, match=r"pos_embed is \(1, 25, 32\), expected \(1, 17, 32\)"
    ):
        load(tiny(1), wide.state_dict())


def test_one_error_lists_all_that_does_not_fit_and_changes_nothing() -> None:
    model, state = tiny(1, num_classes=5), tiny(0, num_classes=6).state_dict()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    del state["cls_token"]
    state["blocks.7.attn.qkv.weight"] = torch.zeros(96, 32)
    with pytest.raises(ValueError, match="do not fit this ViT") as caught:
        load(model, state)
    message = str(caught.value)
    assert "1 missing (cls_token)" in message
    assert "1 unexpected (blocks.7.attn.qkv.weight)" in message
    assert "2 of another shape (head.weight is (6, 32), expected (5, 32)" in message
    assert "\n" not in message
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), key


def test_long_lists_are_cut_after_three() -> None:
    with pytest.raises(ValueError, match=r"\d+ missing \([^,]+, [^,]+, [^,]+, …\)"):
        load(tiny(), {})


def test_wrong_format_is_reported_as_missing_and_unexpected() -> None:
    with pytest.raises(ValueError, match=r"missing .* unexpected \(encoder\.x\)"):
        load(tiny(), {"encoder.x": torch.zeros(1)}, format="timm")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({}, "jax"), "format must be one of vislearn, timm, .*, got 'jax'"),
        (("openai:clip",), "expected 'timm:NAME', 'transformers:NAME'"),
        (("timm:",), "expected 'timm:NAME'"),
    ],
)
def test_unknown_source_or_format_is_refused(arguments, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(tiny(), *arguments)


def test_timm_name_without_weights_is_refused(hub: Path) -> None:
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    with pytest.raises(ValueError, match="no pretrained weights named 'vit_b17'"):
        load(tiny(), "timm:vit_b17")


def test_impossible_repository_name_is_refused(hub: Path) -> None:
    with pytest.raises(ValueError, match="'a b' is not a repository name"):
        load(tiny(), "transformers:a b")


def test_foreign_module_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="into this package's encoders, got Linear"):
        load(torch.nn.Linear(2, 2), {})


def test_meta_model_is_refused() -> None:
    with pytest.raises(ValueError, match="meta device"):
        load(vislearn.create_model("vit_ti16", device="meta"), {})


def test_old_names_of_transformers_are_understood() -> None:
    """transformers 4 and 5 name the same tensors differently."""
    old_to_new = {
        "encoder.layer.0.attention.attention.query.weight": "query",
        "encoder.layer.0.attention.attention.key.weight": "key",
        "encoder.layer.0.attention.attention.value.weight": "value",
    }
    state = {f"vit.{key}": torch.randn(4, 4) for key in old_to_new}
    state["vit.encoder.layer.0.attention.output.dense.weight"] = torch.randn(4, 4)
    state["vit.encoder.layer.0.intermediate.dense.weight"] = torch.randn(8, 4)
    state["vit.encoder.layer.0.output.dense.weight"] = torch.randn(4, 8)
    state["vit.encoder.layer.0.layernorm_before.weight"] = torch.randn(4)
    converted = vit_names.from_transformers(state)
    assert set(converted) == {
        "blocks.0.attn.qkv.weight",
        "blocks.0.attn.proj.weight",
        "blocks.0.mlp.fc1.weight",
        "blocks.0.mlp.fc2.weight",
        "blocks.0.norm1.weight",
    }
    stacked = torch.cat([state[f"vit.{key}"] for key in old_to_new])
    assert torch.equal(converted["blocks.0.attn.qkv.weight"], stacked)


def test_layer_without_its_key_projection_is_reported_not_filled() -> None:
    state = {"layers.0.attention.q_proj.weight": torch.zeros(4, 4)}
    assert set(vit_names.from_transformers(state)) == {"blocks.0.attn.query.weight"}


@pytest.mark.parametrize("file", ["model.safetensors", "pytorch_model.bin"])
def test_timm_weights_in_the_cache_are_loaded(put_into_cache, file: str) -> None:
    source, model = tiny(0, num_classes=5), tiny(1)
    put_into_cache("timm/vit_made_up.for_this_test", file, source.state_dict())
    load(model, "timm:vit_made_up.for_this_test")
    images = torch.randn(1, 3, 32, 32)
    assert torch.equal(model(images).pooled, source(images).pooled)


def test_transformers_weights_in_the_cache_are_loaded(put_into_cache) -> None:
    source, model = tiny(0), tiny(1)
    renamed = as_transformers(source)
    put_into_cache("someone/vit", "model.safetensors", renamed)
    load(model, "transformers:someone/vit")
    images = torch.randn(1, 3, 32, 32)
    assert torch.equal(model(images).pooled, source(images).pooled)


def as_transformers(model: ViT) -> dict[str, torch.Tensor]:
    """The state dict under the names of transformers 5."""
    plain = {
        "cls_token": "vit.embeddings.cls_token",
        "pos_embed": "vit.embeddings.position_embeddings",
        "patch_embed.proj": "vit.embeddings.patch_embeddings.projection",
        "norm": "vit.layernorm",
        "norm1": "layernorm_before",
        "norm2": "layernorm_after",
        "attn.proj": "attention.o_proj",
        "mlp.fc1": "mlp.fc1",
        "mlp.fc2": "mlp.fc2",
    }
    renamed = {}
    for key, value in model.state_dict().items():
        block = re.match(r"blocks\.(\d+)\.(.+)\.(weight|bias)$", key)
        if block is None:
            part, dot, end = key.rpartition(".")
            known = key in plain
            renamed[plain[key] if known else plain[part] + dot + end] = value
        elif block[2] == "attn.qkv":
            for letter, piece in zip("qkv", value.chunk(3), strict=True):
                name = f"vit.layers.{block[1]}.attention.{letter}_proj.{block[3]}"
                renamed[name] = piece
        else:
            renamed[f"vit.layers.{block[1]}.{plain[block[2]]}.{block[3]}"] = value
    return renamed


def test_weights_that_are_not_cached_come_with_the_command_to_fetch_them(
    hub: Path,
) -> None:
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    with pytest.raises(
        ValueError, match="not in the local Hugging Face cache"
    ) as error:
        load(tiny(), "timm:vit_base_patch16_224")
    message = str(error.value)
    assert "hf download timm/vit_base_patch16_224." in message
    assert "\n" not in message


def test_format_that_contradicts_the_source_is_refused(put_into_cache) -> None:
    put_into_cache("timm/a.b", "model.safetensors", tiny().state_dict())
    with pytest.raises(ValueError, match="has format 'timm', not 'transformers'"):
        load(tiny(), "timm:a.b", format="transformers")


def test_looking_into_the_cache_opens_no_connection(hub: Path) -> None:
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('a connection was opened')\n"
        "socket.socket.connect = refuse\n"
        "socket.getaddrinfo = refuse\n"
        "from vislearn.weights import cache\n"
        "print(cache.cached_file('google/vit-base-patch16-224'))\n"
    )
    environment = {**os.environ, "HF_HUB_CACHE": str(hub), "OMP_NUM_THREADS": "1"}
    environment.pop("HF_HUB_OFFLINE", None)
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (run.returncode, run.stdout.strip()) == (0, "None"), run.stderr


def test_pickles_that_hold_more_than_tensors_are_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "trapped"),))

    torch.save({"weight": Trap()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(Exception, match="Weights only load failed"):
        cache.read_file(tmp_path / "pytorch_model.bin")
    assert not (tmp_path / "trapped").exists()
