"""SigLIP 2 NaFlex against transformers and timm, and mistakes caught.

Pictures of several shapes in one padded batch, and one by one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vislearn.encoders.naflex import (
    NaFlexBatch,
    NaFlexConfig,
    NaFlexOutput,
    NaFlexSigLIP,
    NaFlexVision,
)
from vislearn.weights import load
from vislearn.weights.naflex_names import filters, from_timm, from_transformers

STDS = (0.02, 0.2)
GRIDS = ((4, 4), (3, 6), (6, 3), (1, 9), (2, 2))  # of 16, 18, 18, 9 and 4 patches
LONGEST = 18
SYSTEM = "SigLIP 2 NaFlex"
BASE = NaFlexConfig(
    img_size=32,
    patch_size=8,
    pos_grid=(4, 4),
    width=64,
    depth=2,
    heads=4,
    mlp_hidden=176,
    text_width=48,
    text_depth=2,
    text_heads=4,
    text_hidden=112,
    context=12,
    vocab_size=97,
    max_patches=LONGEST,
)


def pictures(
    grids: tuple[tuple[int, int], ...] = GRIDS, patch: int = 8
) -> list[Tensor]:
    """Random images that are exactly as large as their grids: nothing is resized."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(3, h * patch, w * patch, generator=generator) for h, w in grids]


def batch_of(images: list[Tensor], length: int = LONGEST) -> NaFlexBatch:
    """The images as they are, padded to a length."""
    patch, rows, grids = BASE.patch_size, [], []
    for image in images:
        h, w = image.shape[1] // patch, image.shape[2] // patch
        cut = image.reshape(3, h, patch, w, patch).permute(1, 3, 0, 2, 4)
        rows.append(cut.reshape(h * w, -1))
        grids.append((h, w))
    patches = torch.zeros(len(rows), length, rows[0].shape[1])
    for index, row in enumerate(rows):
        patches[index, : len(row)] = row
    return NaFlexBatch(patches, tuple(grids))


def theirs_of(batch: NaFlexBatch) -> Tensor:
    """The packages' order inside a patch: rows, columns, channels."""
    P = BASE.patch_size
    return batch.patches.unflatten(2, (3, P, P)).permute(0, 1, 3, 4, 2).flatten(2)


def build_transformers(transformers, config: NaFlexConfig) -> Any:
    same = {"hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": config.norm_eps}
    settings = transformers.Siglip2Config(
        vision_config={
            "patch_size": config.patch_size,
            "num_patches": config.pos_grid[0] * config.pos_grid[1],
            "hidden_size": config.width,
            "num_hidden_layers": config.depth,
            "num_attention_heads": config.heads,
            "intermediate_size": config.visual.hidden,
            **same,
        },
        text_config={
            "vocab_size": config.vocab_size,
            "max_position_embeddings": config.context,
            "hidden_size": config.text_width,
            "num_hidden_layers": config.text_depth,
            "num_attention_heads": config.text_heads,
            "intermediate_size": config.text.hidden,
            "projection_size": config.embed_dim,
            "bos_token_id": 0,
            "eos_token_id": 1,
            **same,
        },
    )
    return transformers.Siglip2Model(settings)


def call_transformers(model: Any, batch: NaFlexBatch, **more: Any) -> Any:
    return model(
        pixel_values=theirs_of(batch),
        pixel_attention_mask=batch.mask.int(),
        spatial_shapes=torch.tensor(batch.grids),
        **more,
    )


def build_timm(timm, config: NaFlexConfig) -> Any:
    settings = timm.models.naflexvit.NaFlexVitCfg(
        patch_size=config.patch_size,
        embed_dim=config.width,
        depth=config.depth,
        num_heads=config.heads,
        mlp_ratio=config.visual.hidden / config.width,
        act_layer=config.act,
        global_pool="map",
        pos_embed_interp_mode="bilinear",
        pos_embed_grid_size=config.pos_grid,
    )
    return timm.models.naflexvit.NaFlexVit(settings, num_classes=0)


def call_timm(model: Any, batch: NaFlexBatch) -> tuple[Tensor, Tensor]:
    """Tokens and pooled of timm's model, which is told each patch's row and column."""
    places = torch.zeros(*batch.mask.shape, 2, dtype=torch.int64)
    for index, (h, w) in enumerate(batch.grids):
        rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        places[index, : h * w] = torch.stack([rows.flatten(), columns.flatten()], -1)
    features = model.forward_features(
        theirs_of(batch), patch_coord=places, patch_valid=batch.mask
    )
    return features["patches"], model.forward_head(**features)


def ids() -> Tensor:
    return torch.randint(97, (3, 12), generator=torch.Generator().manual_seed(3))


def real(tokens: Tensor, batch: NaFlexBatch) -> Tensor:
    """The tokens that are not padding, of all pictures, one after another."""
    return tokens[batch.mask]


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("length", [LONGEST, 23], ids="padded to {}".format)
def test_a_padded_batch_equals_transformers(
    length, std, reference, randomise, difference, record_parity
) -> None:
    theirs = randomise(build_transformers(reference("transformers"), BASE), std)
    ours: Any = load(NaFlexSigLIP(BASE).eval(), theirs.state_dict(), "transformers")
    batch, words = batch_of(pictures(), length), ids()
    with torch.no_grad():
        expected = call_transformers(theirs, batch, input_ids=words)
        vision, out = expected.vision_model_output, ours(batch)
        image, text = ours.encode_image(batch), ours.encode_text(words)
        tokens = vision.last_hidden_state
        for quantity, value, wanted in (
            ("tokens", real(out.tokens, batch), real(tokens, batch)),
            ("pooled", out.pooled, vision.pooler_output),
            ("embeddings", image, expected.image_embeds),
            ("embeddings", text, expected.text_embeds),
            ("logits", ours.logits(image, text), expected.logits_per_image),
        ):
            record_parity(SYSTEM, "transformers", quantity, difference(value, wanted))


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_one_picture_equals_transformers_and_timm(
    grid, std, reference, randomise, difference, record_parity
) -> None:
    batch = batch_of(pictures((grid,)), grid[0] * grid[1])
    hugging: Any = randomise(build_transformers(reference("transformers"), BASE), std)
    ours = load(NaFlexVision(BASE.visual).eval(), hugging.state_dict(), "transformers")
    with torch.no_grad():
        expected, out = call_transformers(hugging.vision_model, batch), ours(batch)
    error = difference(out.tokens, expected.last_hidden_state)
    record_parity(SYSTEM, "transformers", "tokens", error)
    error = difference(out.pooled, expected.pooler_output)
    record_parity(SYSTEM, "transformers", "pooled", error)

    theirs = randomise(build_timm(reference("timm"), BASE), std)
    ours = load(NaFlexVision(BASE.visual).eval(), theirs.state_dict(), "timm")
    with torch.no_grad():
        (tokens, pooled), out = call_timm(theirs, batch), ours(batch)
    record_parity(SYSTEM, "timm", "tokens", difference(out.tokens, tokens))
    record_parity(SYSTEM, "timm", "pooled", difference(out.pooled, pooled))


def test_a_picture_of_one_column_equals_timm(reference, randomise, difference) -> None:
    """transformers smooths its table by torch's kernel, wrong here on the CPU."""
    batch = batch_of(pictures(((9, 1),)), 9)
    theirs = randomise(build_timm(reference("timm"), BASE), STDS[1])
    ours = load(NaFlexVision(BASE.visual).eval(), theirs.state_dict(), "timm")
    with torch.no_grad():
        (tokens, pooled), out = call_timm(theirs, batch), ours(batch)
    assert difference(out.tokens, tokens) <= 1e-5
    assert difference(out.pooled, pooled) <= 1e-5


@pytest.mark.parametrize("std", STDS)
def test_a_padded_batch_equals_timm(
    std, reference, randomise, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), BASE), std)
    ours = load(NaFlexVision(BASE.visual).eval(), theirs.state_dict(), "timm")
    batch = batch_of(pictures())
    with torch.no_grad():
        (tokens, pooled), out = call_timm(theirs, batch), ours(batch)
    error = difference(real(out.tokens, batch), real(tokens, batch))
    record_parity(SYSTEM, "timm", "tokens", error)
    record_parity(SYSTEM, "timm", "pooled", difference(out.pooled, pooled))


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("size", [(32, 32), (48, 24), (24, 40)], ids=str)
def test_an_ordinary_tensor_equals_timm(
    size, std, reference, randomise, images, difference, record_parity
) -> None:
    theirs = randomise(build_timm(reference("timm"), BASE), std)
    ours = load(NaFlexVision(BASE.visual).eval(), theirs.state_dict(), "timm")
    x = images(*size)
    with torch.no_grad():
        out, expected = ours(x), theirs.forward_features(x)
        record_parity(SYSTEM, "timm", "tokens", difference(out.tokens, expected))
        record_parity(SYSTEM, "timm", "pooled", difference(out.pooled, theirs(x)))


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


@pytest.mark.parametrize("std", STDS)
def test_gradients_equal_transformers_and_timm(
    std, reference, randomise, gradient_difference, record_parity
) -> None:
    batch, P = batch_of(pictures()), BASE.patch_size
    hugging: Any = randomise(build_transformers(reference("transformers"), BASE), std)
    ours = load(NaFlexVision(BASE.visual).eval(), hugging.state_dict(), "transformers")
    vision = hugging.vision_model
    expected = gradients(vision, call_transformers(vision, batch).pooler_output)
    expected = from_transformers(expected)
    key = "patch_embed.proj.weight"
    expected[key] = filters(expected[key], P)
    found = gradients(ours, ours(batch).pooled)
    error = gradient_difference(found, expected)
    record_parity(SYSTEM, "transformers", "gradients", error)

    theirs = randomise(build_timm(reference("timm"), BASE), std)
    ours = load(NaFlexVision(BASE.visual).eval(), theirs.state_dict(), "timm")
    expected = from_timm(gradients(theirs, call_timm(theirs, batch)[1]))
    expected[key] = filters(expected[key], P)
    found = gradients(ours, ours(batch).pooled)
    error = gradient_difference(found, expected)
    record_parity(SYSTEM, "timm", "gradients", error)


class ProbeSeesPadding(NaFlexVision):
    """The mask forgotten in the last step."""

    def forward_batch(self, batch: NaFlexBatch) -> NaFlexOutput:
        x, hide = self.embed_batch(batch), batch.mask[:, None, None, :]
        for block in self.blocks:
            x = block(x, hide)
        x = self.norm(x)
        assert self.attn_pool is not None
        return NaFlexOutput(x, batch.mask, self.attn_pool(x), batch.grids)


class TokensSeePadding(NaFlexVision):
    """The mask in the last step alone."""

    def forward_batch(self, batch: NaFlexBatch) -> NaFlexOutput:
        x, hide = self.embed_batch(batch), batch.mask[:, None, None, :]
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        assert self.attn_pool is not None
        return NaFlexOutput(x, batch.mask, self.attn_pool(x, hide), batch.grids)


class PositionsByCounting(NaFlexVision):
    """The first rows of the table for the first patches: not resized."""

    def position_table(self, grid) -> Tensor:
        count = grid[0] * grid[1]
        table = torch.cat([self.pos_embed, self.pos_embed], dim=1)
        return table[:, :count]


class RowsAndColumnsSwapped(NaFlexVision):
    def position_table(self, grid) -> Tensor:
        return super().position_table((grid[1], grid[0]))


class Bicubic(NaFlexVision):
    def position_table(self, grid) -> Tensor:
        from vislearn.layers.positions import interpolate

        return interpolate(self.pos_embed, self.config.pos_grid, grid)


def channels_first(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The filters read as if the patches came (channel, row, column)."""
    key = "embeddings.patch_embedding.weight"
    weight = state[key].unflatten(1, (3, 8, 8)).permute(0, 2, 3, 1).flatten(1)
    return {**state, key: weight}


MISTAKES: dict[str, Any] = {
    "the probe sees padding": ProbeSeesPadding,
    "tokens see padding": TokensSeePadding,
    "positions not resized": PositionsByCounting,
    "rows and columns swapped": RowsAndColumnsSwapped,
    "positions resized bicubically": Bicubic,
    "positions resized without smoothing": {"pos_antialias": False},
    "order inside a patch": channels_first,
    "exact GELU": {"act": "gelu"},
    "ε of torch's LayerNorm": {"norm_eps": 1e-5},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tolerance_catches(mistake, reference, randomise, difference) -> None:
    """Each mistake must exceed the tolerance at one of the two weight scales."""
    transformers, change = reference("transformers"), MISTAKES[mistake]
    config = replace(BASE, **change) if isinstance(change, dict) else BASE
    kind = change if isinstance(change, type) else NaFlexVision
    batch, errors = batch_of(pictures()), []
    for std in STDS:
        theirs = randomise(build_transformers(transformers, BASE).vision_model, std)
        state = theirs.state_dict()
        state = change(state) if change is channels_first else state
        ours = load(kind(config.visual).eval(), state, "transformers")
        with torch.no_grad():
            expected, out = call_transformers(theirs, batch), ours(batch)
        errors.append(difference(out.pooled, expected.pooler_output))
    assert max(errors) > 1e-5
