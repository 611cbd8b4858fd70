"""Drawing the emoji of OpenMoji's colour font, with their CLDR names."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

_SKIN_TONES = {chr(code) for code in range(0x1F3FB, 0x1F400)}
_CANVAS = 72  # pixels; drawn large, then reduced
# Pillow draws COLRv0 fonts; of OpenMoji's COLRv1 font it would draw nothing.
_FONT = "font/glyf_colr0.ttf"


def draw_all(
    openmoji: ModuleType, emoji: ModuleType, size: int
) -> tuple[Tensor, tuple[str, ...], tuple[str, ...]]:
    """Return (images (M, 3, size, size) in 0..1, Korean names, English names)."""
    path = str(openmoji.get_openmoji_data() / _FONT)
    font = ImageFont.truetype(path, 56)
    emoji.config.load_language("ko")
    pictures, korean, english = [], [], []
    for character, entry in emoji.EMOJI_DATA.items():
        if entry["status"] != emoji.STATUS["fully_qualified"] or "ko" not in entry:
            continue
        if _SKIN_TONES & set(character):
            continue
        picture = _draw(font, character, size)
        if picture is None:
            continue
        pictures.append(picture)
        korean.append(_plain(entry["ko"]))
        english.append(_plain(entry["en"]))
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return pixels.float() / 255, tuple(korean), tuple(english)


def _draw(font: ImageFont.FreeTypeFont, character: str, size: int) -> np.ndarray | None:
    """Draw one emoji centred on white; None if the font draws nothing."""
    canvas = Image.new("RGB", (_CANVAS, _CANVAS), "white")
    middle = (_CANVAS / 2, _CANVAS / 2)
    ImageDraw.Draw(canvas).text(
        middle, character, font=font, anchor="mm", embedded_color=True
    )
    if canvas.convert("L").getextrema() == (255, 255):
        return None
    return np.asarray(canvas.resize((size, size), Image.Resampling.LANCZOS))


def _plain(name: str) -> str:
    return name.strip(":").replace("_", " ")
