"""Pictures: noise passes, a wrong picture fails, and nothing is parsed but bytes."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from vislearn.grading.checks.encoding import MAX_PIXEL_BYTES, encode_image
from vislearn.grading.checks.pictures import LIMITS, decode_image, image_difference

SIDE = 128


def drawing(dot: bool = True, shift: int = 0, colour: str = "red") -> Image.Image:
    """A disc, a line and a small dot, drawn four times as large and reduced."""
    picture = Image.new("RGB", (4 * SIDE, 4 * SIDE), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse([160 + shift, 120, 360 + shift, 320], fill=colour)
    pen.line([0, 0, 4 * SIDE, 4 * SIDE], fill="black", width=8)
    if dot:
        pen.ellipse([400, 80, 416, 96], fill="black")
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def reason(expected: Any, got: Any, distance: str = "block", limit: float = -1) -> str:
    payload = json.loads(json.dumps(encode_image(got)))
    limit = LIMITS[distance] if limit < 0 else limit
    found = image_difference(encode_image(expected), payload, distance, limit)
    return found.reason if found else ""


@pytest.mark.parametrize(
    "noisy",
    [
        drawing(),
        drawing(shift=1),  # a quarter of a pixel: other anti-aliasing
        as_jpeg(drawing(), 90),
        np.asarray(drawing()) + np.random.default_rng(0).integers(-3, 4, (128, 128, 3)),
    ],
    ids=["same", "anti-aliasing", "jpeg", "noise"],
)
def test_noise_passes(noisy: Any) -> None:
    assert reason(drawing(), noisy) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        drawing(dot=False),
        drawing(shift=16),
        drawing(colour="blue"),
        drawing().transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        Image.new("RGB", (SIDE, SIDE), "white"),
    ],
    ids=["a dot is missing", "moved by 4 pixels", "colour", "mirrored", "white"],
)
def test_a_wrong_picture_fails(wrong: Image.Image) -> None:
    assert reason(drawing(), wrong) == "wrong_image"


def test_a_mean_over_the_picture_does_not_see_a_missing_dot() -> None:
    """Which is why the worst block is the default."""
    assert reason(drawing(), drawing(dot=False), "mean") == ""
    assert reason(drawing(), drawing(dot=False), "max") == "wrong_image"


@pytest.mark.parametrize(
    ("distance", "passes", "fails"),
    [("mean", 10.0, 9.9), ("max", 10.0, 9.9), ("psnr", 28.1, 28.2), ("block", 10, 9.9)],
)
def test_limits_are_on_the_scale_of_0_to_255(
    distance: str, passes: float, fails: float
) -> None:
    """10 grey values off everywhere: 20 log10(255 / 10) = 28.13 dB."""
    one, other = np.full((9, 20), 100), np.full((9, 20), 110)
    assert reason(one, other, distance, passes) == ""
    assert reason(one, other, distance, fails) == "wrong_image"


PIXELS = np.random.default_rng(1).integers(0, 256, (6, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "same",
    [
        PIXELS,
        PIXELS.astype(np.int64),
        PIXELS / 255,
        Image.fromarray(PIXELS),
        torch.tensor(PIXELS).permute(2, 0, 1),
        (torch.tensor(PIXELS).permute(2, 0, 1) / 255).requires_grad_(),
        torch.tensor(PIXELS),
        PIXELS.transpose(2, 0, 1),
        np.dstack([PIXELS, np.full((6, 9), 255, np.uint8)]),
        Image.fromarray(PIXELS).convert("RGBA"),
    ],
)
def test_the_same_picture_may_come_in_many_forms(same: Any) -> None:
    assert reason(PIXELS, same, "max", 1) == ""


def test_where_both_orders_fit_tensors_have_their_channels_first() -> None:
    odd = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    assert reason(odd.transpose(1, 2, 0), torch.tensor(odd), "max", 0) == ""
    assert reason(odd, odd.copy(), "max", 0) == ""


def test_grey_equals_three_equal_channels_and_nothing_else() -> None:
    grey = PIXELS[..., 0]
    for same in (np.dstack([grey] * 3), Image.fromarray(grey), grey[None] / 255):
        assert reason(grey, same, "max", 1) == ""
    assert reason(grey, PIXELS, "max", 1) == "wrong_image"
    assert reason(grey > 128, np.where(grey > 128, 255, 0), "max", 0) == ""


def test_transparent_pixels_are_laid_on_white() -> None:
    clear = np.zeros((4, 4, 4), np.uint8)
    assert reason(np.full((4, 4, 3), 255), clear, "max", 0) == ""


def test_a_figure_is_a_picture_as_it_is_drawn() -> None:
    from matplotlib.figure import Figure

    def figure(height: float) -> Figure:
        made = Figure(figsize=(2, 1), dpi=60)
        made.subplots().bar(["a", "b"], [1, height])
        return made

    payload = encode_image(figure(2))
    assert payload["size"] == [60, 120]
    assert reason(figure(2), figure(2)) == ""
    assert reason(figure(2), figure(1)) == "wrong_image"


def test_another_size_is_no_match() -> None:
    assert reason(PIXELS, PIXELS[:, :8]) == "wrong_image_size"


def test_large_pictures_are_averaged_and_keep_their_size() -> None:
    large = np.zeros((501, 700, 3), np.uint8)
    large[:250] = 200
    payload = encode_image(large)
    pixels, size = decode_image(payload)
    assert size == (501, 700)
    assert pixels.size <= MAX_PIXEL_BYTES
    assert pixels.shape == (167, 234, 3)  # blocks of 3 x 3
    assert pixels[0, 0, 0] == 200
    assert pixels[83, 0, 0] == round(200 / 3)  # rows 249, 250 and 251
    assert reason(large, large[:500]) == "wrong_image_size"


@pytest.mark.parametrize(
    "no_picture",
    [
        "text",
        None,
        np.zeros(3),
        np.zeros((2, 3, 4, 5)),
        np.zeros((5, 6, 2)),
        np.zeros((0, 4)),
        np.full((4, 4), np.nan),
        np.ones((4, 4), complex),
        torch.eye(3).to_sparse(),
    ],
)
def test_what_is_no_picture_is_refused(no_picture: Any) -> None:
    with pytest.raises(ValueError, match=r"picture|sparse"):
        encode_image(no_picture)


GOOD = encode_image(PIXELS)


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "float64"},
        {"shape": [6, 9]},
        {"shape": [9, 6, 3]},
        {"shape": [6, 9, 2]},
        {"shape": [6, 9, 3.0]},
        {"shape": [True, 9, 3]},
        {"shape": [10**9, 10**9, 3]},
        {"shape": None},
        {"size": [6, 10]},
        {"size": [10**9, 9]},
        {"size": [-6, 9]},
        {"data": GOOD["data"][:-4]},
        {"data": GOOD["data"] + "AAAA"},
        {"data": "é" * len(GOOD["data"])},
        {"data": "=" * len(GOOD["data"])},
        {"data": list(PIXELS.ravel().tolist())},
        {"data": base64.b64encode(b"\x89PNG").decode()},
        {"data": "A" * 10_000_000},
    ],
)
def test_a_malformed_picture_is_no_picture(change: dict[str, Any]) -> None:
    assert decode_image(GOOD)[1] == (6, 9)
    with pytest.raises(ValueError, match="malformed picture"):
        decode_image({**GOOD, **change})
