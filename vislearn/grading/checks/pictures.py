"""Pictures as the grader sees them: raw bytes from a learner's process, compared.

No file format is ever parsed here. Sizes must agree; the distance is on the scale
0..255 and one of

* "block": the mean absolute difference in the worst block of 8 × 8 pixels, which noise
  of an encoder or of anti-aliasing leaves small and a wrong detail does not;
* "mean" and "max": of the absolute difference over the whole picture;
* "psnr": the peak signal-to-noise ratio in dB, where more is better.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np

from vislearn.grading.checks.encoding import MAX_PIXEL_BYTES, MAX_SIDE, averaging_factor
from vislearn.grading.checks.values import Difference

BLOCK = 8
LIMITS = {"block": 20.0, "mean": 2.0, "max": 16.0, "psnr": 30.0}


def decode_image(payload: Mapping[str, Any]) -> tuple[np.ndarray, tuple[int, int]]:
    """Pixels as float64 (h, w, c), and the picture's height and width as they were.

    Raises:
        ValueError: if the payload is not what `emit_image` sends.
    """
    if payload.get("dtype") != "image":
        raise ValueError("malformed picture: no picture")
    shape, size, data = (payload.get(key) for key in ("shape", "size", "data"))
    if not _sizes(shape, 3) or not _sizes(size, 2) or not isinstance(data, str):
        raise ValueError("malformed picture: no sizes")
    assert isinstance(shape, list)
    assert isinstance(size, list)
    height, width = size
    count = shape[0] * shape[1] * shape[2]
    if shape[2] not in (1, 3) or count > MAX_PIXEL_BYTES:
        raise ValueError("malformed picture: too large")
    factor = averaging_factor(height, width)
    if shape[:2] != [-(-height // factor), -(-width // factor)]:
        raise ValueError("malformed picture: sizes do not fit")
    if len(data) != 4 * -(-count // 3):
        raise ValueError("malformed picture: too few or too many bytes")
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("malformed picture: not base64") from None
    if len(raw) != count:
        raise ValueError("malformed picture: too few or too many bytes")
    pixels = np.frombuffer(raw, dtype=np.uint8).astype(np.float64)
    return pixels.reshape(shape), (height, width)


def _sizes(value: object, length: int) -> bool:
    """Whether these are so many sizes; True is no number here."""
    return (
        isinstance(value, list)
        and len(value) == length
        and all(type(v) is int and 0 < v <= MAX_SIDE for v in value)
    )


def image_difference(
    expected: Mapping[str, Any], got: Mapping[str, Any], distance: str, limit: float
) -> Difference | None:
    """Whether two pictures differ by more than the limit; None if they do not.

    A grey picture equals one whose three channels are the same.

    Raises:
        ValueError: if the second payload is malformed.
    """
    wanted, wanted_size = decode_image(expected)
    given, given_size = decode_image(got)
    if wanted_size != given_size:
        sizes = (f"{h} × {w}" for h, w in (wanted_size, given_size))
        return Difference("wrong_image_size", "", *sizes)
    found = image_distance(wanted, given, distance)
    near = found >= limit if distance == "psnr" else found <= limit
    if near:
        return None
    sign = "≥" if distance == "psnr" else "≤"
    return Difference(
        "wrong_image", distance, f"{sign} {limit:g}", f"{min(found, 999):.3g}"
    )


def image_distance(one: np.ndarray, other: np.ndarray, distance: str) -> float:
    """A distance of two pictures of the same size, as the module describes.

    Raises:
        ValueError: if the distance is unknown.
    """
    off = np.abs(one - other)  # a single channel is compared with each of three
    if distance == "mean":
        return float(off.mean())
    if distance == "max":
        return float(off.max())
    if distance == "psnr":
        error = float((off**2).mean())
        return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))
    if distance == "block":
        return _worst_block(off.mean(axis=2))
    raise ValueError(f"distance is {distance!r}, expected one of {', '.join(LIMITS)}")


def _worst_block(off: np.ndarray) -> float:
    """The largest mean over any window of 8 × 8 pixels (fewer in a small picture)."""
    height, width = (min(BLOCK, size) for size in off.shape)
    sums = np.pad(off, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    windows = (
        sums[height:, width:]
        - sums[:-height, width:]
        - sums[height:, :-width]
        + sums[:-height, :-width]
    )
    return float(windows.max() / (height * width))
