"""How many tokens an image becomes.

The number decides what attention costs (T²) and how much of a language model's context
a picture takes. It follows from the resolution and the patch size alone.
"""

from __future__ import annotations

from vislearn.registry import configure


def count_tokens(resolution: int | tuple[int, int], patch: int, prefix: int = 0) -> int:
    """Patch tokens of the largest grid that fits, plus prefix tokens.

    A side that is not a multiple of the patch is cut off, as a convolution with that
    stride does: 384 pixels in patches of 14 are 27 × 27.

    Args:
        resolution: pixels, or (height, width).
        patch: side of a patch, pixels.
        prefix: R, CLS and registers.

    Raises:
        ValueError: if the patch is larger than the image or a number is too small.
    """
    height, width = (
        (resolution, resolution) if isinstance(resolution, int) else resolution
    )
    if patch < 1 or prefix < 0:
        raise ValueError(
            f"patch must be at least 1 and prefix at least 0, got {patch} and {prefix}"
        )
    if min(height, width) < patch:
        raise ValueError(f"an image of {resolution} pixels has no patch of {patch}")
    return (height // patch) * (width // patch) + prefix


def model_tokens(name: str, resolution: int | tuple[int, int] | None = None) -> int:
    """T = R + N of a model at a resolution (its own if None), from its config.

    Raises:
        ValueError: if the name is unknown, or a ViT's patches do not fit exactly.
    """
    config = (
        configure(name) if resolution is None else configure(name, img_size=resolution)
    )
    return config.tokens
