"""The dual encoder that the course trains itself: CLIP's parts in their smallest sizes.

Paper: CLIP arXiv:2103.00020, section 2.4. It is no model that anybody released, so it
has no preset. Kept: everything that CLIP's ResNets have. Left out: width and depth.
Tested against: the released sizes through their common classes.
"""

from __future__ import annotations

import torch

from vislearn.encoders.clip import CLIPResNetConfig
from vislearn.encoders.dual import DualEncoder
from vislearn.encoders.modified_resnet import ModifiedResNet
from vislearn.encoders.text import TextTransformer


def small_dual(
    vocab_size: int,
    *,
    seed: int = 0,
    context: int = 22,
    scale: float = 1 / 0.07,
    bias: float | None = None,
) -> DualEncoder:
    """The dual encoder that chapters, labs and experiments train on pictures of 32 px.

    CLIP's own parts, only smaller: its ResNet with two stages of one block and pooling
    by attention, its text tower with two blocks of width 64, and 64 dimensions in
    common. A CNN, because it learns from a few thousand pictures (chapter 04).

    Args:
        vocab_size: of the tokenizer.
        seed: of the initial weights.
        context: tokens that a text may have; 22 are enough for captions of two shapes.
        scale: initial 1 / τ; CLIP begins at 1 / 0.07, SigLIP at 10.
        bias: initial bias of the logits for the sigmoid loss; SigLIP begins at −10.
    """
    torch.manual_seed(seed)
    config = CLIPResNetConfig(
        img_size=32,
        depths=(1, 1),
        width=16,
        head_width=32,
        embed_dim=64,
        text_width=64,
        text_depth=2,
        text_heads=4,
        context=context,
        vocab_size=vocab_size,
    )
    towers = ModifiedResNet(config.visual), TextTransformer(config.text)
    return DualEncoder(config, *towers, scale=scale, bias=bias)
