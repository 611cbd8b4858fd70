"""Whatever a caller calls an image, as an array that matplotlib can draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def to_pixels(image: Any) -> np.ndarray:
    """Return an image as float (H, W, 3) in 0..1.

    Args:
        image: a PIL image, a uint8 array (H, W) or (H, W, 3), or a float tensor
            (H, W), (1, H, W) or (3, H, W) in 0..1.

    Raises:
        ValueError: for another shape or values outside of 0..1 (a normalised tensor
            needs `model.preprocess.undo` first).
    """
    if isinstance(image, torch.Tensor):
        array = image.detach().cpu().float().numpy()
        if array.ndim == 3 and array.shape[0] in (1, 3):
            array = np.moveaxis(array, 0, -1)
    else:
        array = np.asarray(image.convert("RGB") if hasattr(image, "convert") else image)
        if array.dtype == np.uint8:
            array = array.astype(np.float32) / 255
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[-1] not in (1, 3):
        raise ValueError(f"image of shape {array.shape}: expected 1 or 3 channels")
    low, high = float(array.min()), float(array.max())
    if not (low >= -1e-4 and high <= 1 + 1e-4):  # also catches NaN
        raise ValueError(
            f"image values run from {low:.2f} to {high:.2f}, expected 0 to 1: "
            "undo the normalisation first (model.preprocess.undo)"
        )
    return np.clip(np.broadcast_to(array, (*array.shape[:2], 3)), 0, 1)


def cut_into_patches(pixels: np.ndarray, patch_size: int) -> np.ndarray:
    """Cut (H, W, 3) into (h, w, P, P, 3), rows first.

    Raises:
        ValueError: if the sides are not multiples of the patch size.
    """
    height, width = pixels.shape[:2]
    if patch_size < 1 or height % patch_size or width % patch_size:
        raise ValueError(
            f"an image of {height} × {width} pixels does not divide into patches of "
            f"{patch_size}"
        )
    rows, columns = height // patch_size, width // patch_size
    split = pixels.reshape(rows, patch_size, columns, patch_size, 3)
    return split.transpose(0, 2, 1, 3, 4)


def mosaic(tiles: np.ndarray, gap: int, paper: float = 1.0) -> np.ndarray:
    """Lay tiles (h, w, P, Q, ...) side by side with `gap` pixels of paper between."""
    rows, columns, high, wide = tiles.shape[:4]
    size = (rows * (high + gap) - gap, columns * (wide + gap) - gap, *tiles.shape[4:])
    sheet = np.full(size, paper, dtype=np.float32)
    for row in range(rows):
        for column in range(columns):
            top, left = row * (high + gap), column * (wide + gap)
            sheet[top : top + high, left : left + wide] = tiles[row, column]
    return sheet
