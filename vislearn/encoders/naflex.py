"""SigLIP 2 NaFlex: pictures in their own aspect ratio, several shapes in one batch.

Papers: SigLIP 2 arXiv:2502.14786, section 2.4; the idea of patches in native
resolution NaViT arXiv:2307.06304, section 2. Next to `siglip.py` three things differ.
A picture is not squashed to a square: it is resized to the largest grid of patches that
has its shape and fits a budget of tokens. Pictures with fewer patches than others are
padded, and no token, nor the probe, may look at padding. The position table, a square
of 16 × 16, is resized to the grid of each picture.

Kept: the sizing, the mask, the positions, both towers. Left out: NaViT's packing of
several pictures into one sequence, which SigLIP 2 does not do either.
Tested against: transformers and timm, in value and gradient, and each picture of a
batch against the same picture alone (tests/parity).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, overload

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.encoders.dual import unit
from vislearn.encoders.output import VisionOutput
from vislearn.encoders.siglip import (
    BILINEAR,
    GEMMA,
    SO400M,
    B,
    SigLIP,
    SigLIPConfig,
    SigLIPVision,
    SigLIPVisionConfig,
    towers,
)
from vislearn.layers import positions
from vislearn.layers.patches import patchify
from vislearn.preprocess import Preprocess, to_pil
from vislearn.registry import Preset, register

Grid = tuple[int, int]  # (h, w): rows and columns of patches


def fit_grid(
    height: int, width: int, patch_size: int = 16, max_patches: int = 256
) -> Grid:
    """The largest grid of patches that has a picture's shape and fits a budget.

    Scale the picture by s and cover it with patches: ⌈H s / P⌉ rows, ⌈W s / P⌉ columns.
    The more it is enlarged, the more patches it takes, so the largest s within the
    budget is found by halving an interval, as in the official code: down to 1e-5,
    and never above 100. Small pictures are enlarged until they fill the budget.

    Shapes:
        height and width in pixels -> (h, w) with h · w ≤ max_patches

    Raises:
        ValueError: if a number is below 1.
    """
    if min(height, width, patch_size, max_patches) < 1:
        raise ValueError(
            "height, width, patch_size and max_patches must be at least 1, "
            f"got {height}, {width}, {patch_size} and {max_patches}"
        )

    def cover(scale: float) -> Grid:
        rows = math.ceil(height * scale / patch_size)
        return rows, math.ceil(width * scale / patch_size)

    low, high = 1e-6, 100.0
    while high - low >= 1e-5:
        middle = (low + high) / 2
        if math.prod(cover(middle)) <= max_patches:
            low = middle
        else:
            high = middle
    return cover(low)


def is_grid(value: Any) -> bool:
    """Whether something is (rows, columns), two integers of at least 1."""
    pair = isinstance(value, tuple) and len(value) == 2
    return pair and all(type(side) is int and side >= 1 for side in value)


@dataclass(frozen=True)
class NaFlexBatch:
    """Pictures of several shapes as patches: who is shorter than the longest is padded.

        batch = NaFlexBatch.from_images([native(poster), native(panorama)])
        model.encode_image(batch)

    Raises:
        ValueError: if the grids do not fit the patches, or these are whole numbers.
    """

    patches: Tensor
    """(B, M, C·P·P) flattened patches in raster order; inside as in `patchify`."""

    grids: tuple[Grid, ...]
    """(h, w) of each picture; its first h · w patches are its own."""

    def __post_init__(self) -> None:
        count = len(self.grids)
        if self.patches.ndim != 3 or count != len(self.patches) or not count:
            raise ValueError(
                "expected patches (B, M, C·P·P) and B grids, B at least 1, "
                f"got {tuple(self.patches.shape)} and {count} grids"
            )
        if not self.patches.is_floating_point():
            raise ValueError(
                f"expected floating-point patches, got {self.patches.dtype}"
            )
        for grid in self.grids:
            if not is_grid(grid) or math.prod(grid) > self.patches.shape[1]:
                raise ValueError(
                    f"expected a grid (h, w) within {self.patches.shape[1]} patches, "
                    f"got {grid!r}"
                )

    @classmethod
    def from_images(
        cls, images: Sequence[Tensor], patch_size: int = 16, max_patches: int = 256
    ) -> NaFlexBatch:
        """Resize each image to its grid, cut it into patches, pad to the longest.

        Bilinear with smoothing, as in the official code. transformers always pads to
        `max_patches`, which changes the time and nothing else.

        Shapes:
            images, each (C, H, W) with its own H and W, normalised, not padded

        Raises:
            ValueError: if there is no image, or one is something else.
        """
        if not images:
            raise ValueError("expected at least one image, got none")
        for image in images:
            if image.ndim != 3 or not image.is_floating_point():
                raise ValueError(
                    "expected floating-point images (C, H, W), "
                    f"got {tuple(image.shape)} of {image.dtype}"
                )
        channels = {len(image) for image in images}
        if len(channels) > 1:
            raise ValueError(
                f"expected images with one number of channels, got {sorted(channels)}"
            )
        grids = tuple(
            fit_grid(image.shape[1], image.shape[2], patch_size, max_patches)
            for image in images
        )
        rows = [
            patchify(resize(image, grid, patch_size), patch_size)[0]
            for image, grid in zip(images, grids, strict=True)
        ]  # each (h · w, C·P·P)
        patches = nn.utils.rnn.pad_sequence(rows, batch_first=True)  # zeros
        return cls(patches, grids)

    @property
    def lengths(self) -> tuple[int, ...]:
        """N = h · w of each picture."""
        return tuple(h * w for h, w in self.grids)

    @property
    def mask(self) -> Tensor:
        """(B, M) bool: True for a patch, False for padding."""
        device = self.patches.device
        places = torch.arange(self.patches.shape[1], device=device)  # (M,)
        return places < torch.tensor(self.lengths, device=device)[:, None]

    def to(self, *args: Any, **kwargs: Any) -> NaFlexBatch:
        """The same batch on another device or in another dtype, as `Tensor.to`."""
        return replace(self, patches=self.patches.to(*args, **kwargs))


@dataclass(frozen=True)
class NaFlexOutput:
    """The features of pictures of several shapes."""

    tokens: Tensor
    """(B, M, D) patch tokens in raster order; zeros for padding."""

    mask: Tensor
    """(B, M) bool: True for a patch, False for padding."""

    pooled: Tensor
    """(B, D) the image embeddings."""

    grids: tuple[Grid, ...]
    """(h, w) of each picture."""

    def feature_map(self, index: int) -> Tensor:
        """(D, h, w) the tokens of one picture, as a picture with D channels."""
        h, w = self.grids[index]
        return self.tokens[index, : h * w].T.unflatten(1, (h, w))


def resize(image: Tensor, grid: Grid, patch_size: int) -> Tensor:
    """One image in the size of its grid: (C, H, W) -> (1, C, h·P, w·P)."""
    size = (grid[0] * patch_size, grid[1] * patch_size)
    # float32 at least: no kernel for half precision on every device
    pixels = image[None].to(torch.promote_types(image.dtype, torch.float32))
    pixels = F.interpolate(pixels, size=size, mode="bilinear", antialias=True)
    return pixels.to(image.dtype)


def native(picture: Any) -> Tensor:
    """A picture in its own size, normalised as SigLIP 2 wants it.

    Shapes:
        what `Preprocess` takes -> float (3, H, W)
    """
    pixels = to_pil(picture)
    return Preprocess(size=(pixels.height, pixels.width), crop=None)(pixels)


# Options of a ViT that a batch of several shapes would pass over.
_FIXED = {
    "class_token": False,
    "registers": 0,
    "pos": "learned",
    "pooling": "map",
    "pre_norm": False,
    "num_classes": None,
}


@dataclass(frozen=True)
class NaFlexVisionConfig(SigLIPVisionConfig):
    """SigLIP's image tower with a position table of its own size."""

    pos_grid: Grid = (16, 16)  # of the stored table, whatever the pictures' shapes

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_grid(self.pos_grid):
            raise ValueError(
                f"pos_grid must be (rows, columns) of at least 1, got {self.pos_grid!r}"
            )
        for option, fixed in _FIXED.items():
            value = getattr(self, option)
            if value != fixed:
                raise ValueError(
                    f"the image tower of NaFlex has {option} {fixed!r}, got {value!r}"
                )


class NaFlexVision(SigLIPVision):
    """The image tower that takes pictures of several shapes at once.

    Called with an ordinary tensor (B, C, H, W), where all have one shape, it answers
    like every vision encoder.

    Shapes:
        NaFlexBatch -> NaFlexOutput with tokens (B, M, D), mask (B, M), pooled (B, D)
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), prefix (B, 0, D),
        pooled (B, D)

    Raises:
        ValueError: if the patches have another size, or the images other channels.
    """

    config: NaFlexVisionConfig

    @overload
    def forward(self, images: Tensor) -> VisionOutput: ...
    @overload
    def forward(self, images: NaFlexBatch) -> NaFlexOutput: ...
    def forward(self, images: Tensor | NaFlexBatch) -> VisionOutput | NaFlexOutput:
        if isinstance(images, NaFlexBatch):
            return self.forward_batch(images)
        return super().forward(images)

    def forward_batch(self, batch: NaFlexBatch) -> NaFlexOutput:
        """Pictures of several shapes: the same blocks and probe, and a mask."""
        assert self.attn_pool is not None
        x = self.embed_batch(batch)  # (B, M, D)
        mask = batch.mask
        padded = min(batch.lengths) < mask.shape[1]
        hide = mask[:, None, None, :] if padded else None  # (B, 1, 1, M): as keys
        for block in self.blocks:
            x = block(x, hide)
        x = self.norm(x)
        tokens = x.masked_fill(~mask[..., None], 0.0)
        return NaFlexOutput(tokens, mask, self.attn_pool(x, hide), batch.grids)

    def embed_batch(self, batch: NaFlexBatch) -> Tensor:
        """Tokens of all patches, each told its place in its own picture: (B, M, D)."""
        filters = self.patch_embed.proj.weight.flatten(1)  # (D, C·P·P)
        if batch.patches.shape[2] != filters.shape[1]:
            raise ValueError(
                f"expected patches of {filters.shape[1]} numbers (C·P·P), "
                f"got {batch.patches.shape[2]}"
            )
        x = F.linear(batch.patches, filters, self.patch_embed.proj.bias)
        tables = {grid: self.position_table(grid)[0] for grid in set(batch.grids)}
        rows = [tables[grid] for grid in batch.grids]  # each (h · w, D)
        table = nn.utils.rnn.pad_sequence(rows, batch_first=True)  # (B, longest, D)
        return x + F.pad(table, (0, 0, 0, x.shape[1] - table.shape[1]))

    def position_table(self, grid: Grid) -> Tensor:
        """The stored positions, resized to a picture's grid (h, w): (1, h · w, D)."""
        return positions.interpolate(
            self.pos_embed,
            self.config.pos_grid,
            grid,
            mode="bilinear",
            antialias=self.config.pos_antialias,
        )

    def _make_positions(self) -> None:
        rows = math.prod(self.config.pos_grid)
        self.pos_embed = nn.Parameter(torch.zeros(1, rows, self.config.width))


@dataclass(frozen=True)
class NaFlexConfig(SigLIPConfig):
    """Sizes of both towers, and how pictures become patches."""

    img_size: int | tuple[int, int] = 256  # of ordinary tensors: 16 × 16 patches
    vocab_size: int = GEMMA
    pos_grid: Grid = (16, 16)  # of the stored position table
    max_patches: int = 256  # budget of `NaFlexSigLIP.batch`

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_patches < 1:
            raise ValueError(f"max_patches must be at least 1, got {self.max_patches}")

    @property
    def visual(self) -> NaFlexVisionConfig:
        """The image tower's config."""
        plain = super().visual
        options = {field.name: getattr(plain, field.name) for field in fields(plain)}
        return NaFlexVisionConfig(**options, pos_grid=self.pos_grid)


class NaFlexSigLIP(SigLIP):
    """SigLIP 2 for pictures of any shape.

        dual = create_model("siglip2_naflex_b16")
        batch = dual.batch([poster, panorama])  # pictures, each in its own shape
        scores = dual.logits(dual.encode_image(batch), dual.encode_text(ids))

    `preprocess` squashes a picture to a square, for ordinary tensors; `batch` does not.

    Shapes:
        NaFlexBatch -> NaFlexOutput; images (B, C, H, W) -> VisionOutput; pooled (B, E)

    Raises:
        ValueError: as the towers do.
    """

    config: NaFlexConfig
    tower = NaFlexVision

    @overload
    def forward(self, images: Tensor) -> VisionOutput: ...
    @overload
    def forward(self, images: NaFlexBatch) -> NaFlexOutput: ...
    def forward(self, images: Tensor | NaFlexBatch) -> VisionOutput | NaFlexOutput:
        return self.visual(images)

    def encode_image(
        self, images: Tensor | NaFlexBatch, normalize: bool = True
    ) -> Tensor:
        """The place of each picture in the common space: (B, E)."""
        pooled = self.visual(images).pooled
        return unit(pooled) if normalize else pooled

    def batch(
        self, pictures: Sequence[Any], max_patches: int | None = None
    ) -> NaFlexBatch:
        """Pictures of any size as a `NaFlexBatch` for this model.

        Args:
            pictures: what `Preprocess` takes, each.
            max_patches: budget of tokens for each; None for the config's.
        """
        return NaFlexBatch.from_images(
            [native(picture) for picture in pictures],
            self.config.patch_size,
            self.config.max_patches if max_patches is None else max_patches,
        )


_NAFLEX = {
    "siglip2_naflex_b16": NaFlexConfig(**towers(B)),
    "siglip2_naflex_so400m16": NaFlexConfig(**towers(SO400M)),
}

for _name, _config in _NAFLEX.items():
    register(Preset(_name, "naflex", NaFlexSigLIP, _config, BILINEAR))
