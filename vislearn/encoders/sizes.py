"""What the configs of all encoders share: an image size, and grids made by strides."""

from __future__ import annotations


class ImageSized:
    """A config with `img_size`: one number of pixels, or (height, width)."""

    img_size: int | tuple[int, int]

    @property
    def image_shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        size = self.img_size
        return (size, size) if isinstance(size, int) else (size[0], size[1])


def strided_grid(shape: tuple[int, int], stride: int) -> tuple[int, int]:
    """(h, w) of a map after padded convolutions with that total stride: rounded up."""
    height, width = shape
    return -(-height // stride), -(-width // stride)
