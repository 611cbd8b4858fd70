"""Preprocessing: equal to torchvision's transforms, undone, and strict about input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from vislearn.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess, to_pil
from vislearn.weights.torchvision_ops import declare_missing_operators


def picture(width: int = 60, height: int = 40) -> Image.Image:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("shape", [(300, 500), (500, 300), (224, 224), (100, 80)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("crop", [1.0, 0.875])
def test_crop_equals_torchvision_transforms(shape, interpolation, crop) -> None:
    declare_missing_operators()
    transforms = pytest.importorskip(
        "torchvision.transforms", reason="torchvision is not installed"
    )
    image = picture(shape[1], shape[0])
    reference = transforms.Compose(
        [
            transforms.Resize(
                int(112 / crop), transforms.InterpolationMode(interpolation)
            ),
            transforms.CenterCrop(112),
            transforms.ToTensor(),
            transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD),
        ]
    )
    ours = Preprocess(112, IMAGENET_MEAN, IMAGENET_STD, interpolation, crop)
    torch.testing.assert_close(ours(image), reference(image), rtol=0, atol=1e-6)


def test_squash_keeps_the_whole_picture() -> None:
    # Left half black, right half white, and twice as wide as high.
    array = np.zeros((40, 80, 3), np.uint8)
    array[:, 40:] = 255
    squashed = Preprocess(20, crop=None)(array)
    assert squashed.shape == (3, 20, 20)
    assert float(squashed[:, :, :9].max()) == -1.0
    assert float(squashed[:, :, 11:].min()) == 1.0


def test_crop_cuts_the_long_side_at_both_ends() -> None:
    array = np.zeros((40, 120, 3), np.uint8)
    array[:, 40:80] = 255  # the middle square
    assert float(Preprocess(40)(array).min()) == 1.0


@pytest.mark.parametrize(("height", "width"), [(24, 48), (48, 24)])
def test_target_need_not_be_square(height: int, width: int) -> None:
    assert Preprocess((height, width))(picture()).shape == (3, height, width)
    assert Preprocess((height, width), crop=None)(picture()).shape[1:] == (
        height,
        width,
    )


def test_every_kind_of_picture_gives_the_same_numbers() -> None:
    image = picture()
    array = np.array(image)
    tensor = torch.from_numpy(array).permute(2, 0, 1)
    preprocess = Preprocess(32)
    expected = preprocess(image)
    for same in (array, tensor, tensor.float() / 255):
        torch.testing.assert_close(preprocess(same), expected, rtol=0, atol=0)


def test_grey_pictures_get_three_equal_channels() -> None:
    out = Preprocess(16)(np.arange(400, dtype=np.uint8).reshape(20, 20))
    assert torch.equal(out[0], out[1])
    assert torch.equal(out[0], out[2])


def test_transparent_pixels_become_white() -> None:
    assert to_pil(Image.new("RGBA", (4, 4), (255, 0, 0, 0))).getpixel((0, 0)) == (
        255,
        255,
        255,
    )


def test_undo_returns_to_zero_to_one() -> None:
    image = picture(32, 32)
    preprocess = Preprocess(32, IMAGENET_MEAN, IMAGENET_STD)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
    batch = torch.stack([preprocess(image)] * 2)
    torch.testing.assert_close(preprocess.undo(batch)[1], pixels)
    assert float(preprocess.undo(100 * batch).max()) == 1.0


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((4, 4, 3), np.float32), r"uint8 array \(H, W, 3\), got float32"),
        (np.zeros((3, 4, 5), np.uint8), r"got uint8 of shape \(3, 4, 5\)"),
        (torch.zeros(1, 3, 4, 4), r"tensor \(3, H, W\), got \(1, 3, 4, 4\)"),
        (torch.full((3, 4, 4), 200.0), r"floats in 0..1, got torch.float32 from 200"),
        ("cat.png", "PIL image.*got str"),
    ],
)
def test_anything_else_is_refused_by_name(bad, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Preprocess(4)(bad)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"interpolation": "lanczos"}, "got 'lanczos'"),
        ({"crop": 1.2}, "got 1.2"),
        ({"size": 0}, "got 0"),
    ],
)
def test_impossible_settings_are_refused(settings, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Preprocess(**settings)


def test_undo_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got \(4, 8, 8\)"):
        Preprocess(8).undo(torch.zeros(4, 8, 8))
