"""What the configs of all encoders share: an image size, and grids made by strides."""

from __future__ import annotations

from typing import Any


class ImageSized:
    """A config with `img_size`: one number of pixels, or (height, width)."""

    img_size: int | tuple[int, int]

    def __post_init__(self) -> None:
        """Refuse what no family can use.

        Raises:
            ValueError: if img_size is no size in pixels, or channels or num_classes is
                no number of at least 1 (num_classes may be None).
        """
        size: Any = self.img_size
        sides = size if isinstance(size, tuple) and len(size) == 2 else (size,)
        if not all(map(_at_least_one, sides)):
            raise ValueError(
                f"img_size must be a number of pixels or (height, width), got {size!r}"
            )
        for name in ("channels", "num_classes"):
            value = getattr(self, name)
            optional = name == "num_classes" and value is None
            if not optional and not _at_least_one(value):
                raise ValueError(f"{name} must be at least 1, got {value!r}")

    @property
    def image_shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        size = self.img_size
        return (size, size) if isinstance(size, int) else (size[0], size[1])


def strided_grid(shape: tuple[int, int], stride: int) -> tuple[int, int]:
    """(h, w) of a map after padded convolutions with that total stride: rounded up."""
    height, width = shape
    return -(-height // stride), -(-width // stride)


def _at_least_one(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
