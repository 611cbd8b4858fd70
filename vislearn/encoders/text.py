"""The text tower of a dual encoder: a transformer that turns token ids into one vector.

Papers: CLIP arXiv:2103.00020, section 2.4 (causal, read at the end-of-text token);
SigLIP arXiv:2303.15343 (every token sees every other, read at the last position).
Kept: both. Left out: nothing that runs at test time.
Tested against: open_clip and transformers, in value and gradient (tests/parity).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vislearn.layers.blocks import Block

POOLINGS = ("eot", "last")


@dataclass(frozen=True)
class TextConfig:
    """Sizes and choices of a text tower; the defaults are those of CLIP ViT-B."""

    vocab_size: int = 49_408
    context: int = 77  # L: positions that there are embeddings for
    width: int = 512  # D
    depth: int = 12  # number of blocks
    heads: int = 8  # h
    mlp_hidden: int | None = None  # F; None means 4 · D
    act: str = "quick_gelu"  # as in vislearn.layers.mlp.activation
    norm_eps: float = 1e-5
    causal: bool = True  # each token sees itself and those before it
    pooling: str = "eot"  # "eot": at the largest id; "last": at the last position
    embed_dim: int = 512  # E
    proj_bias: bool = False  # of the map from D to E

    def __post_init__(self) -> None:
        sizes = ("vocab_size", "context", "width", "depth", "heads", "embed_dim")
        for name in (*sizes, "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"text {name} must be at least 1, got {getattr(self, name)}"
                )
        if self.width % self.heads:
            raise ValueError(
                f"text width {self.width} is not divisible by heads {self.heads}"
            )
        if self.pooling not in POOLINGS:
            raise ValueError(
                f"text pooling must be one of {', '.join(POOLINGS)}, "
                f"got {self.pooling!r}"
            )

    @property
    def hidden(self) -> int:
        """F: hidden width of the MLP."""
        return 4 * self.width if self.mlp_hidden is None else self.mlp_hidden


class TextTransformer(nn.Module):
    """Token ids in, one embedding for each text out (arXiv:2103.00020, section 2.4).

    A causal tower knows the whole text only at its end, so CLIP reads it there: the
    end-of-text token has the largest id of the vocabulary and is found by argmax.

    Shapes:
        ids (B, L), int64, L up to the context -> (B, E), not normalised

    Raises:
        ValueError: if ids have another shape or dtype, are longer than the context, or
            lie outside of the vocabulary.
    """

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        D = config.width
        self.token_embed = nn.Embedding(config.vocab_size, D)
        self.pos_embed = nn.Parameter(torch.zeros(config.context, D))
        self.blocks = nn.ModuleList(
            Block(D, config.heads, config.hidden, config.act, norm_eps=config.norm_eps)
            for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(D, eps=config.norm_eps)
        self.proj = nn.Linear(D, config.embed_dim, bias=config.proj_bias)
        self.init_weights()

    def forward(self, ids: Tensor) -> Tensor:
        return self.proj(self.pool(self.encode(ids), ids))  # (B, E)

    def encode(self, ids: Tensor) -> Tensor:
        """The normalised features of every token: ids (B, L) -> (B, L, D)."""
        self._check(ids)
        x = self.token_embed(ids) + self.pos_embed[: ids.shape[1]]  # (B, L, D)
        mask = causal_mask(ids.shape[1], ids.device) if self.config.causal else None
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)

    def pool(self, x: Tensor, ids: Tensor) -> Tensor:
        """One token speaks for the text: x (B, L, D), ids (B, L) -> (B, D)."""
        if self.config.pooling == "last":
            return x[:, -1]
        return x[torch.arange(len(x), device=x.device), ids.argmax(dim=1)]

    def init_weights(self) -> None:
        """Fresh random weights as in CLIP: tables with std 0.02 and 0.01, no biases."""
        nn.init.normal_(self.token_embed.weight, std=0.02)
        nn.init.normal_(self.pos_embed, std=0.01)
        init_blocks(self.blocks)
        nn.init.normal_(self.proj.weight, std=self.config.width**-0.5)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)

    def _check(self, ids: Tensor) -> None:
        expected = "expected token ids (B, L) of dtype int64"
        if not isinstance(ids, Tensor):
            raise ValueError(f"{expected}, got {type(ids).__name__}")
        if ids.ndim != 2 or ids.dtype not in (torch.int64, torch.int32):
            raise ValueError(f"{expected}, got {tuple(ids.shape)} of {ids.dtype}")
        if not 1 <= ids.shape[1] <= self.config.context:
            raise ValueError(
                f"texts of {ids.shape[1]} tokens do not fit the context of "
                f"{self.config.context}"
            )
        if ids.device.type == "meta" or ids.numel() == 0:  # no values to look at
            return
        low, high = int(ids.min()), int(ids.max())
        if low < 0 or high >= self.config.vocab_size:
            raise ValueError(
                f"token ids must lie in 0 … {self.config.vocab_size - 1}, "
                f"got {low if low < 0 else high}"
            )


def init_blocks(blocks: nn.ModuleList) -> None:
    """Fresh random weights of a tower's blocks, as in CLIP's code.

    Linear layers that write to the residual stream are smaller the deeper the tower
    is, so that its sum does not grow with the depth.
    """
    depth = len(blocks)
    for block in blocks:
        assert isinstance(block, Block)
        D = block.attn.width
        nn.init.normal_(block.attn.qkv.weight, std=D**-0.5)
        nn.init.normal_(block.attn.proj.weight, std=(2 * depth * D) ** -0.5)
        nn.init.normal_(block.mlp.fc1.weight, std=(2 * D) ** -0.5)
        nn.init.normal_(block.mlp.fc2.weight, std=(2 * depth * D) ** -0.5)


def causal_mask(length: int, device: torch.device | None = None) -> Tensor:
    """Who may look at whom in a causal tower: bool (L, L), True = may look."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()
