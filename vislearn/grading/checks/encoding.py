"""Values as strict JSON: what leaves a learner's process is data and nothing else.

Every number keeps its place and its type's name; nothing is pickled, and no file format
is involved: a picture is its pixels.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

MAX_NUMBERS = 20_000  # per emitted value; a complex number counts as two
MAX_TEXT = 20_000  # characters per emitted text
MAX_DEPTH = 8
MAX_PIXEL_BYTES = 256 * 256 * 3  # per emitted picture; larger ones are averaged
MAX_SIDE = 16_384  # pixels of a picture before averaging
_CHANNELS = (1, 3, 4)


def encode(value: Any, limit: int = MAX_NUMBERS) -> dict[str, Any]:
    """Turn a value into {"shape", "dtype", "data"} of plain JSON.

    Numbers lie flat in C order; nan and infinities become the strings "nan", "inf"
    and "-inf", so that the JSON stays strict. A complex number is its real and its
    imaginary part. Tensors may live on any device, need gradients, be views or have
    half precision; `dtype` names what they were.

    Raises:
        ValueError: if the value is of an unknown kind, too large, sparse or quantised.
    """
    return _encode(value, [limit], 0)


def _encode(value: Any, left: list[int], depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise ValueError(
            f"value nested deeper than {MAX_DEPTH}; emit something flatter"
        )
    if value is None:
        return {"shape": [], "dtype": "none", "data": None}
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise ValueError(f"text of {len(value)} characters; at most {MAX_TEXT}")
        return {"shape": [], "dtype": "text", "data": value}
    if isinstance(value, Mapping):
        items = {str(k): _encode(v, left, depth + 1) for k, v in value.items()}
        return {"shape": [len(items)], "dtype": "dict", "data": items}
    if isinstance(value, Set):  # without an order; written in the order of its text
        members = [_encode(v, left, depth + 1) for v in value]
        members.sort(key=lambda member: json.dumps(member, sort_keys=True))
        return {"shape": [len(members)], "dtype": "list", "data": members}
    found = _as_array(value)
    if found is not None:
        return _encode_array(*found, left)
    if isinstance(value, (list, tuple)):
        items_list = [_encode(v, left, depth + 1) for v in value]
        return {"shape": [len(items_list)], "dtype": "list", "data": items_list}
    kind = type(value).__name__
    raise ValueError(f"cannot emit a {kind}; expected tensors, numbers, text or lists")


def _as_array(value: Any) -> tuple[np.ndarray, str] | None:
    """A numeric array, and the name of the type that its numbers had."""
    if _is_tensor(value):
        return _of_tensor(value)
    if isinstance(value, (list, tuple)):
        kinds = (int, float, complex, list, tuple)
        if not value or not all(isinstance(v, kinds) for v in value):
            return None
        try:
            value = np.asarray(value)
        except (ValueError, OverflowError):  # ragged, or an int beyond 64 bits
            return None
    elif not isinstance(value, (bool, int, float, complex, np.generic, np.ndarray)):
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        return None
    if array.dtype.itemsize > 8 * (1 + (array.dtype.kind == "c")):  # long double
        array = array.astype(complex if array.dtype.kind == "c" else float)
    return array, array.dtype.name


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "detach") and hasattr(value, "cpu")


def _of_tensor(tensor: Any) -> tuple[np.ndarray, str]:
    """The numbers of a torch tensor, wherever and however it is stored.

    Raises:
        ValueError: if it has no plain numbers: sparse, quantised or without data.
    """
    name = str(tensor.dtype).removeprefix("torch.")
    if str(getattr(tensor, "layout", "torch.strided")) != "torch.strided":
        raise ValueError(
            f"cannot emit a {tensor.layout} tensor; call .to_dense() first"
        )
    if getattr(tensor, "is_quantized", False):
        raise ValueError(f"cannot emit a {name} tensor; call .dequantize() first")
    if getattr(tensor, "is_meta", False):
        raise ValueError("cannot emit a tensor on the meta device: it has no numbers")
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    if name == "complex32":
        tensor = tensor.cfloat()
    elif tensor.is_floating_point() and name not in ("float32", "float64"):
        tensor = tensor.float()  # numpy knows neither bfloat16 nor float8
    return tensor.numpy(), name


def _encode_array(array: np.ndarray, name: str, left: list[int]) -> dict[str, Any]:
    flat = array.ravel()
    if array.dtype.kind == "c":
        flat = np.stack((flat.real, flat.imag), axis=1).ravel()
    left[0] -= max(1, flat.size)
    if left[0] < 0:
        raise ValueError(
            f"value of shape {array.shape} is too large; emit at most {MAX_NUMBERS} "
            "numbers, for example a fixed sample of the entries"
        )
    data: list[Any] = flat.tolist()
    if flat.dtype.kind == "f":
        data = [
            number if good else str(number)
            for number, good in zip(data, np.isfinite(flat).tolist(), strict=True)
        ]
    return {"shape": list(array.shape), "dtype": name, "data": data}


def encode_image(picture: Any) -> dict[str, Any]:
    """Turn a picture into {"shape", "dtype", "size", "data"} of plain JSON.

    A picture is a PIL image, a matplotlib figure (drawn at its own size), or an array
    or tensor of shape (H, W), (H, W, C) or (C, H, W) with 1, 3 or 4 channels: whole
    numbers 0..255, truth values, or floats 0..1, which are clipped as matplotlib does.
    Transparent pixels are laid on white.

    What is sent are bytes, (h, w, c), as base64. A picture of more than 65,536 pixels
    is averaged over k × k blocks, with the smallest k that is enough; `size` keeps its
    height and width as they were.

    Raises:
        ValueError: if this is no picture.
    """
    pixels = _on_white(_pixels(picture))
    height, width = pixels.shape[:2]
    factor = averaging_factor(height, width)
    small = np.rint(_averaged(pixels, factor)).astype(np.uint8)
    return {
        "shape": list(small.shape),
        "dtype": "image",
        "size": [height, width],
        "data": base64.b64encode(small.tobytes()).decode("ascii"),
    }


def averaging_factor(height: int, width: int) -> int:
    """The smallest k for which k × k blocks of a coloured picture fit into the limit.

    A grey picture is averaged as if it had colours, so that the two can be compared.
    """
    factor = 1
    while 3 * -(-height // factor) * -(-width // factor) > MAX_PIXEL_BYTES:
        factor += 1
    return factor


def _averaged(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Means of blocks; the last ones may be smaller."""
    if factor == 1:
        return pixels
    for axis in (0, 1):
        starts = np.arange(0, pixels.shape[axis], factor)
        sizes = np.diff([*starts, pixels.shape[axis]])
        sums = np.add.reduceat(pixels, starts, axis=axis)
        pixels = sums / np.expand_dims(sizes, tuple({0, 1, 2} - {axis}))
    return pixels


def _on_white(pixels: np.ndarray) -> np.ndarray:
    if pixels.shape[2] < 4:
        return pixels
    opaque = pixels[..., 3:] / 255.0
    return pixels[..., :3] * opaque + 255.0 * (1.0 - opaque)


def _pixels(picture: Any) -> np.ndarray:
    """Pixels as float64 (H, W, C) in 0..255."""
    if hasattr(picture, "savefig") and hasattr(picture, "canvas"):
        picture = _drawn(picture)
    elif hasattr(picture, "convert") and hasattr(picture, "getbands"):
        bands = picture.getbands()
        grey = len(bands) == 1 and picture.mode in ("1", "L")
        picture = np.asarray(picture.convert("L" if grey else "RGBA"))
    first = _is_tensor(picture)
    found = _as_array(picture)
    if found is None:
        raise ValueError(f"cannot emit a {type(picture).__name__} as a picture")
    array = found[0]
    if array.dtype.kind == "c" or array.size == 0 or max(array.shape) > MAX_SIDE:
        raise ValueError(f"no picture: {found[1]} of shape {array.shape}")
    array = _channels_last(array, first)
    if array.dtype.kind in "iu":
        return np.clip(array.astype(np.float64), 0, 255)
    if not np.isfinite(array).all():
        raise ValueError("no picture: it holds NaN or infinity")
    return np.clip(array.astype(np.float64), 0, 1) * 255.0


def _drawn(figure: Any) -> np.ndarray:
    """A matplotlib figure, drawn without touching its canvas on the screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    before = figure.canvas
    try:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba()).copy()
    finally:
        figure.set_canvas(before)


def _channels_last(array: np.ndarray, channels_first: bool) -> np.ndarray:
    """(H, W, C) of a picture; where both orders fit, tensors have channels first."""
    if array.ndim == 2:
        return array[..., None]
    if array.ndim == 3:
        fits = array.shape[0] in _CHANNELS, array.shape[2] in _CHANNELS
        if fits[0] and (channels_first or not fits[1]):
            return np.moveaxis(array, 0, 2)
        if fits[1]:
            return array
    raise ValueError(
        f"no picture: shape {array.shape}, expected (H, W), (H, W, C) or (C, H, W) "
        "with 1, 3 or 4 channels"
    )
