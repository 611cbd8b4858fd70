"""From a picture to the numbers an encoder was trained on.

Size, interpolation, crop, mean and standard deviation belong to the weights: another
choice is not an error anybody sees, only worse features. The steps follow torchvision's
evaluation transforms (resize the short side, crop the centre, scale to 0..1, normalise)
and are tested against them; torchvision itself is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


@dataclass(frozen=True)
class Preprocess:
    """Resize, crop, scale to 0..1 and normalise one picture.

    Args:
        size: pixels of the result, square, or (height, width).
        mean: of each channel, subtracted; in units of 0..1.
        std: of each channel, divided by; in units of 0..1.
        interpolation: "nearest", "bilinear" or "bicubic" (Pillow's, which smooths
            before it shrinks).
        crop: the part of the resized picture's short side that the centre crop keeps:
            0.875 resizes to 256 and crops 224. None squashes the whole picture into
            the size instead: nothing is lost, but the aspect ratio changes.

    Shapes:
        PIL image, uint8 array (H, W, 3) or (H, W), uint8 tensor (3, H, W)
        or float tensor (3, H, W) in 0..1 -> float tensor (3, height, width)

    Raises:
        ValueError: if a setting or the picture is not one of these.
    """

    size: int | tuple[int, int] = 224
    mean: tuple[float, ...] = HALF
    std: tuple[float, ...] = HALF
    interpolation: str = "bicubic"
    crop: float | None = 1.0

    def __post_init__(self) -> None:
        if self.interpolation not in _RESAMPLING:
            raise ValueError(
                f"interpolation must be one of {', '.join(_RESAMPLING)}, "
                f"got {self.interpolation!r}"
            )
        if self.crop is not None and not 0.0 < self.crop <= 1.0:
            raise ValueError(f"crop must be in (0, 1] or None, got {self.crop}")
        if min(self.target) < 1:
            raise ValueError(f"size must be at least 1 pixel, got {self.size}")

    @property
    def target(self) -> tuple[int, int]:
        """(height, width) of the result."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    def __call__(self, image: Any) -> Tensor:
        picture = self._fit(to_pil(image))  # height × width pixels, RGB
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)  # (3, H, W)
        mean, std = self._statistics(torch.device("cpu"))
        return (pixels.float() / 255 - mean) / std

    def undo(self, images: Tensor) -> Tensor:
        """Normalised images back to 0..1, to look at.

        Shapes:
            images (…, 3, H, W) -> (…, 3, H, W)
        """
        if images.ndim < 3 or images.shape[-3] != len(self.mean):
            raise ValueError(
                f"expected images of shape (…, {len(self.mean)}, H, W), "
                f"got {tuple(images.shape)}"
            )
        mean, std = self._statistics(images.device)
        return (images * std + mean).clamp(0, 1)

    def _statistics(self, device: torch.device) -> tuple[Tensor, Tensor]:
        mean = torch.tensor(self.mean, device=device)[:, None, None]  # (3, 1, 1)
        std = torch.tensor(self.std, device=device)[:, None, None]
        return mean, std

    def _fit(self, picture: Image.Image) -> Image.Image:
        height, width = self.target
        resampling = _RESAMPLING[self.interpolation]
        if self.crop is None:
            return picture.resize((width, height), resampling)
        # Pillow counts (width, height). Resize so that the crop is the wanted part of
        # the side that is tighter; the other side keeps the aspect ratio.
        old_width, old_height = picture.size
        wide, high = int(width / self.crop), int(height / self.crop)
        if old_width * high <= old_height * wide:
            new = (wide, max(high, wide * old_height // old_width))
        else:
            new = (max(wide, high * old_width // old_height), high)
        left, top = round((new[0] - width) / 2), round((new[1] - height) / 2)
        picture = picture.resize(new, resampling)
        return picture.crop((left, top, left + width, top + height))


def to_pil(image: Any) -> Image.Image:
    """Any picture that `Preprocess` takes, as a PIL image in RGB.

    Transparent pixels are laid on white; grey pictures get three equal channels.

    Raises:
        ValueError: if it is something else; the message says what was expected.
    """
    if isinstance(image, Tensor):
        image = _tensor_to_array(image)
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or not (
            image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
        ):
            raise ValueError(
                "expected a uint8 array (H, W, 3), "
                f"got {image.dtype} of shape {image.shape}"
            )
        image = Image.fromarray(image)
    if not isinstance(image, Image.Image):
        raise ValueError(
            "expected a PIL image, a uint8 array (H, W, 3) or a tensor (3, H, W), "
            f"got {type(image).__name__}"
        )
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _tensor_to_array(image: Tensor) -> np.ndarray:
    if image.ndim != 3 or image.shape[0] != 3:
        raise ValueError(f"expected a tensor (3, H, W), got {tuple(image.shape)}")
    if image.dtype != torch.uint8:
        if not image.is_floating_point() or image.min() < 0 or image.max() > 1:
            raise ValueError(
                "expected a tensor of uint8, or of floats in 0..1, got "
                f"{image.dtype} from {float(image.min()):.3g} "
                f"to {float(image.max()):.3g}"
            )
        image = (image.detach() * 255).round().to(torch.uint8)
    return image.permute(1, 2, 0).cpu().numpy()
