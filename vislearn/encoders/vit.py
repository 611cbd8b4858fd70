"""The Vision Transformer, and DINOv2's encoder as a change of its config.

Papers: ViT arXiv:2010.11929 (Table 1 for B, L, H); sizes Ti and S arXiv:2012.12877;
g and G arXiv:2106.04560 (Table 2); DINOv2 arXiv:2304.07193; registers
arXiv:2309.16588. Kept: the whole encoder. Left out: dropout (0 in all of these at test
time) and the hidden layer that ViT's head has only during pre-training.
Tested against: timm, transformers and torchvision, in value and gradient
(tests/parity). State-dict names are timm's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from vislearn.encoders.output import VisionEncoder, VisionOutput
from vislearn.encoders.sizes import ImageSized
from vislearn.layers import pooling, positions
from vislearn.layers.blocks import Block
from vislearn.layers.patches import PatchEmbed, patch_grid
from vislearn.layers.relative import RelativeBias
from vislearn.layers.rope import DINOV3, RopeStyle, Rotation, check_head_width, rotation
from vislearn.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from vislearn.registry import Preset, register


@dataclass(frozen=True)
class ViTConfig(ImageSized):
    """Sizes and choices of a Vision Transformer; the defaults are ViT-B/16."""

    img_size: int | tuple[int, int] = 224  # pixels, or (height, width)
    patch_size: int = 16  # P, pixels
    channels: int = 3  # C
    width: int = 768  # D
    depth: int = 12  # number of blocks
    heads: int = 12  # h
    mlp_hidden: int | None = None  # F; None means 4 · D
    act: str = "gelu"  # "gelu", "gelu_tanh", "quick_gelu" or "swiglu"
    pos: str = "learned"  # one of vislearn.layers.positions.KINDS
    rope: RopeStyle = DINOV3  # which way to turn, for pos="rope"
    pos_prefix: bool = True  # whether prefix tokens have rows in the position table
    pos_antialias: bool = True  # when the table is resized; see positions.interpolate
    class_token: bool = True
    registers: int = 0  # extra tokens after CLS, arXiv:2309.16588
    pooling: str = "cls"  # "cls", "gap" or "map"
    qkv_bias: bool = True
    patch_bias: bool = True
    pre_norm: bool = False  # a LayerNorm before the first block
    norm_eps: float = 1e-6
    layer_scale: float | None = None  # start value; None for no LayerScale
    drop_path: float = 0.0  # of the last block; grows linearly from 0 at the first
    num_classes: int | None = None  # K; None for no classifier

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_image_size()
        for name in ("width", "depth", "heads", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if self.registers < 0:
            raise ValueError(f"registers must be at least 0, got {self.registers}")
        if self.width % self.heads:
            raise ValueError(
                f"width {self.width} is not divisible by heads {self.heads}"
            )
        if self.pos not in positions.KINDS:
            raise ValueError(
                f"pos must be one of {', '.join(positions.KINDS)}, got {self.pos!r}"
            )
        if self.pos == "rope":
            check_head_width(self.width // self.heads)
        if self.pooling not in pooling.KINDS:
            raise ValueError(
                f"pooling must be one of {', '.join(pooling.KINDS)}, "
                f"got {self.pooling!r}"
            )
        if self.pooling == "cls" and not self.class_token:
            raise ValueError("pooling 'cls' needs class_token=True")

    def check_image_size(self) -> None:
        """Raise a ValueError if the image does not divide into patches."""
        patch_grid(*self.image_shape, self.patch_size)

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w): rows and columns of patches."""
        return patch_grid(*self.image_shape, self.patch_size)

    @property
    def prefix(self) -> int:
        """R: CLS and registers."""
        return int(self.class_token) + self.registers

    @property
    def hidden(self) -> int:
        """F: hidden width of the MLP."""
        return 4 * self.width if self.mlp_hidden is None else self.mlp_hidden

    @property
    def tokens(self) -> int:
        """T = R + N at `img_size`."""
        return self.prefix + math.prod(self.grid)


class ViT(VisionEncoder):
    """Vision Transformer (arXiv:2010.11929, section 3.1, equations 1 to 4).

    Cut the image into patches, turn each into a token, add where it was, put a class
    token in front, let the tokens talk for `depth` blocks, normalise, pool.

    Images of another size than the config's are welcome if they divide into patches:
    the position table is resized to their grid (`positions.interpolate`).

    Shapes:
        images (B, C, H, W) -> VisionOutput with tokens (B, N, D), prefix (B, R, D),
        pooled (B, D), and logits (B, K) if the config has `num_classes`

    Raises:
        ValueError: if the images have other channels or do not divide into patches.
    """

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        D = config.width
        self.patch_embed = self._make_patch_embed()
        self._make_prefix()
        self.pos_embed: Any  # a table (1, rows, D), a module, or None
        self.rel_pos: nn.ModuleList | None = None  # a RelativeBias for each block
        self._make_positions()
        self.norm_pre = (
            nn.LayerNorm(D, eps=config.norm_eps) if config.pre_norm else nn.Identity()
        )
        self.blocks = nn.ModuleList(
            self._make_block(index) for index in range(config.depth)
        )
        self.norm: nn.Module = nn.LayerNorm(D, eps=config.norm_eps)
        self.attn_pool = (
            pooling.AttentionPool(
                D, config.heads, config.hidden, config.act, config.norm_eps
            )
            if config.pooling == "map"
            else None
        )
        self.head = (
            nn.Identity()
            if config.num_classes is None
            else nn.Linear(D, config.num_classes)
        )
        self.init_weights()

    def forward(self, images: Tensor) -> VisionOutput:
        return self.encode(self.embed(images), self.patch_embed.grid(images))

    def encode(self, x: Tensor, grid: tuple[int, int]) -> VisionOutput:
        """Equations 2 to 4: the blocks, the last norm, and what is read from them.

        Shapes:
            x (B, T, D), prefix tokens and the patches of a grid (h, w)
        """
        turn = self.rotation(grid, x)
        for index, block in enumerate(self.blocks):
            x = block(x, self.bias(index, grid), turn)
        x = self.norm(x)
        R = self.config.prefix
        return self.read_out(x[:, :R], x[:, R:], grid)

    def read_out(
        self, prefix: Tensor, tokens: Tensor, grid: tuple[int, int]
    ) -> VisionOutput:
        """Pool the normalised tokens and classify.

        Shapes:
            prefix (B, R, D), tokens (B, N, D)
        """
        pooled = self.pool(prefix, tokens)  # (B, D)
        return VisionOutput(
            tokens=tokens,
            prefix=prefix,
            pooled=pooled,
            grid=grid,
            logits=None if self.config.num_classes is None else self.head(pooled),
        )

    def embed(self, images: Tensor) -> Tensor:
        """Equation 1: patches, positions, prefix tokens.

        Shapes:
            images (B, C, H, W) -> (B, T, D), in the order CLS, registers, patches
        """
        return self.place(self.patch_embed(images), self.patch_embed.grid(images))

    def place(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """Tell patch tokens where they are, and put the prefix tokens in front.

        Shapes:
            x (B, N, D), the patches of a grid (h, w) -> (B, T, D)
        """
        table, rows = self.position_table(grid), self.prefix_rows
        tokens = self.prefix_parts()
        if table is not None:
            x = x + table[:, rows:]
        if tokens:
            prefix = torch.cat(tokens, dim=1)  # (1, R, D)
            if rows and table is not None:
                prefix = prefix + table[:, :rows]
            x = torch.cat([prefix.expand(x.shape[0], -1, -1), x], dim=1)
        return self.norm_pre(x)

    def prefix_parts(self) -> list[Tensor]:
        """The learned tokens in front of the patches, in their order."""
        parts = (self.cls_token, self.reg_token)
        return [token for token in parts if token is not None]

    def position_table(self, grid: tuple[int, int]) -> Tensor | None:
        """The position embeddings for an image of `grid` patches.

        Shapes:
            returns (1, R + N, D) if the prefix tokens have rows, else (1, N, D)
        """
        if self.pos_embed is None:
            return None
        is_module = isinstance(self.pos_embed, nn.Module)
        return positions.interpolate(
            self.pos_embed() if is_module else self.pos_embed,
            self.config.grid,
            grid,
            prefix=self.prefix_rows,
            antialias=self.config.pos_antialias,
        )

    def bias(self, index: int, grid: tuple[int, int]) -> Tensor | None:
        """What is added to the scores of one block; None unless pos is "relative".

        Shapes:
            returns (1, h, T, T)
        """
        return None if self.rel_pos is None else self.rel_pos[index](grid)

    def rotation(self, grid: tuple[int, int], x: Tensor) -> Rotation | None:
        """How queries and keys turn in every block; None unless pos is "rope"."""
        if self.config.pos != "rope":
            return None
        head_width = self.config.width // self.config.heads
        return rotation(grid, head_width, self.config.rope, x.device, x.dtype)

    def pool(self, prefix: Tensor, tokens: Tensor) -> Tensor:
        """The image embedding: CLS, the average of the patches, or an attention head.

        Shapes:
            prefix (B, R, D), tokens (B, N, D), both after the last norm -> (B, D)
        """
        if self.attn_pool is not None:
            return self.attn_pool(torch.cat([prefix, tokens], dim=1))
        if self.config.pooling == "gap":
            return pooling.mean_pool(tokens)
        return pooling.cls_pool(prefix)

    def hidden_states(self, images: Tensor) -> list[Tensor]:
        """The residual stream before the first block and after each one.

        Shapes:
            images (B, C, H, W) -> depth + 1 tensors (B, T, D), not normalised
        """
        grid = self.patch_embed.grid(images)
        states = [self.embed(images)]
        turn = self.rotation(grid, states[0])
        for index, block in enumerate(self.blocks):
            states.append(block(states[-1], self.bias(index, grid), turn))
        return states

    def init_weights(self) -> None:
        """Fresh random weights, as in the ViT code.

        Linear layers: normal with std 0.02 and zero biases; positions: the same
        normal; patch embedding: variance 1 / (number of inputs), so that unit-variance
        pixels give unit-variance tokens; CLS and registers: nearly zero.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for token in self.prefix_parts():
            nn.init.normal_(token, std=1e-6)
        if self.attn_pool is not None:
            nn.init.trunc_normal_(self.attn_pool.latent, std=self.config.width**-0.5)
        for name, table in self.named_parameters():
            if name.startswith(("pos_embed", "rel_pos")):
                nn.init.trunc_normal_(table, std=0.02)
        kernel = self.patch_embed.proj
        nn.init.normal_(kernel.weight, std=kernel.weight[0].numel() ** -0.5)
        if kernel.bias is not None:
            nn.init.zeros_(kernel.bias)

    @property
    def prefix_rows(self) -> int:
        """How many rows of the position table belong to prefix tokens."""
        has_rows = self.config.pos_prefix and self.config.pos != "factorised"
        return self.config.prefix if has_rows else 0

    def _make_patch_embed(self) -> PatchEmbed:
        config = self.config
        return PatchEmbed(
            config.patch_size, config.width, config.channels, config.patch_bias
        )

    def _make_prefix(self) -> None:
        config = self.config
        self.cls_token = prefix_tokens(int(config.class_token), config.width)
        self.reg_token = prefix_tokens(config.registers, config.width)

    def _make_positions(self) -> None:
        kind, grid, D = self.config.pos, self.config.grid, self.config.width
        if kind == "learned":
            table = torch.zeros(1, self.prefix_rows + math.prod(grid), D)
            self.pos_embed = nn.Parameter(table)
        elif kind == "factorised":
            self.pos_embed = positions.FactorisedPositions(grid, D)
        elif kind in positions.FIXED:
            table = positions.fixed_table(kind, grid, D, self.prefix_rows)
            self.register_buffer("pos_embed", table)
        else:
            self.pos_embed = None
        if kind == "relative":
            heads, prefix = self.config.heads, self.config.prefix
            self.rel_pos = nn.ModuleList(
                RelativeBias(grid, heads, prefix) for _ in range(self.config.depth)
            )

    def _make_block(self, index: int) -> Block:
        config = self.config
        return Block(
            config.width,
            config.heads,
            config.hidden,
            act=config.act,
            qkv_bias=config.qkv_bias,
            norm_eps=config.norm_eps,
            layer_scale=config.layer_scale,
            drop_path=config.drop_path * index / max(config.depth - 1, 1),
        )


def prefix_tokens(count: int, width: int) -> nn.Parameter | None:
    """`count` learned tokens (1, count, D), or None for none."""
    return nn.Parameter(torch.zeros(1, count, width)) if count else None


_AUGREG = Preprocess(crop=0.9)  # how timm's ImageNet-21k ViTs were evaluated
_DINOV2 = Preprocess(mean=IMAGENET_MEAN, std=IMAGENET_STD)

_VIT = {
    "vit_ti16": ViTConfig(width=192, heads=3),
    "vit_s16": ViTConfig(width=384, heads=6),
    "vit_b32": ViTConfig(patch_size=32),
    "vit_b16": ViTConfig(),
    "vit_l16": ViTConfig(width=1024, depth=24, heads=16),
    "vit_l14": ViTConfig(patch_size=14, width=1024, depth=24, heads=16),
    "vit_h14": ViTConfig(patch_size=14, width=1280, depth=32, heads=16),
    "vit_giant14": ViTConfig(
        patch_size=14, width=1408, depth=40, heads=16, mlp_hidden=6144
    ),
    "vit_gigantic14": ViTConfig(
        patch_size=14, width=1664, depth=48, heads=16, mlp_hidden=8192
    ),
}

# At other sizes the position table is resized as in timm. The official code of the
# models without registers resizes by a scale factor with an offset of 0.1 instead,
# which shifts the positions slightly.
_DINOV2_BASE = ViTConfig(img_size=518, patch_size=14, layer_scale=1e-5)
_DINOV2_SIZES = {
    "dinov2_vits14": replace(_DINOV2_BASE, width=384, heads=6),
    "dinov2_vitb14": _DINOV2_BASE,
    "dinov2_vitl14": replace(_DINOV2_BASE, width=1024, depth=24, heads=16),
    "dinov2_vitg14": replace(
        _DINOV2_BASE, width=1536, depth=40, heads=24, mlp_hidden=4096, act="swiglu"
    ),
}


def _register_presets() -> None:
    for name, config in _VIT.items():
        register(Preset(name, "vit", ViT, config, _AUGREG))
    for name, config in _DINOV2_SIZES.items():
        register(Preset(name, "dinov2", ViT, config, _DINOV2))
        # With registers, DINOv2 gives prefix tokens no row in the position table.
        with_registers = replace(config, registers=4, pos_prefix=False)
        register(Preset(f"{name}_reg", "dinov2", ViT, with_registers, _DINOV2))


_register_presets()
