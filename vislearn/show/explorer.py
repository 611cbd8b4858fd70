"""A photo that can be asked: choose a patch, see which patches answer.

One HTML output with a few lines of JavaScript: it works in the book (from the disk,
too), in JupyterLab and on Colab, without a kernel and without a server. Two sliders
choose the patch, so that keyboards and screen readers can do all that a click can.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from vislearn.show.pixels import to_pixels
from vislearn.show.publish import LANGUAGES, Words, page_language

KEYS = ("kind", "row", "column", "loudest")  # words that the explorer itself needs
_SIDE = 336  # pixels of the photo: sharp enough for the 20rem that it is shown at

_SCRIPT = """
(function () {
  var root = document.getElementById("%(name)s");
  var data = %(data)s;
  var canvas = root.querySelector("canvas"), pen = canvas.getContext("2d");
  var row = root.querySelector("input.vl-row");
  var column = root.querySelector("input.vl-column");
  var tables = {};
  Object.keys(data.maps).forEach(function (kind) {
    tables[kind] = atob(data.maps[kind]);
  });
  function draw() {
    var kind = root.querySelector("input[type=radio]:checked").value;
    var h = data.grid[0], w = data.grid[1], count = h * w;
    var query = row.value * w + Number(column.value), best = 0;
    var picture = pen.createImageData(w, h);
    for (var key = 0; key < count; key++) {
      var share = tables[kind].charCodeAt(query * count + key) / 255;
      if (share > tables[kind].charCodeAt(query * count + best) / 255) best = key;
      picture.data.set([255, 214, 64, 255 * 0.9 * Math.sqrt(share)], 4 * key);
    }
    picture.data.set([86, 180, 233, 255], 4 * query);
    pen.putImageData(picture, 0, 0);
    var text = Math.floor(best / w) + ", " + best %% w + ": "
      + data.most[kind][query].toFixed(2);
    root.querySelectorAll("output b").forEach(function (b) { b.textContent = text; });
  }
  canvas.addEventListener("click", function (event) {
    var box = canvas.getBoundingClientRect();
    column.value = (event.clientX - box.left) / box.width * data.grid[1] - 0.5;
    row.value = (event.clientY - box.top) / box.height * data.grid[0] - 0.5;
    draw();
  });
  root.addEventListener("input", draw);
  draw();
})();
"""


def attention_explorer(
    name: str,
    image: Any,
    maps: Mapping[str, Tensor],
    grid: tuple[int, int],
    query: int = 0,
    *,
    ko: Words,
    en: Words,
    alt_ko: str,
    alt_en: str,
) -> None:
    """Show a photo whose patches can be clicked; the others answer.

    The brightness of an answer is relative to the loudest one of the same query, and
    its square root is drawn, so that quiet answers can be seen; the asking patch is
    blue. The loudest answer's place (row, column) and weight are written below.

    Args:
        name: the figure's anchor: lower-case letters, digits and hyphens.
        image: see `vislearn.show.pixels.to_pixels`.
        maps: name -> (N, N) weights, a row per asking patch, N = rows · columns.
        grid: (rows, columns) of patches.
        query: the patch that asks first.
        ko, en: a word for each name in `maps` and for "kind", "row", "column" and
            "loudest".
        alt_ko, alt_en: what the photo shows and what can be done with it.

    Raises:
        ValueError: for a bad name, shapes that do not fit, weights that are negative
            or not finite, a query that does not exist, or a missing word.
    """
    from IPython.display import publish_display_data

    markup = explorer_html(
        name,
        image,
        maps,
        grid,
        query,
        words={"ko": ko, "en": en},
        alts={"ko": alt_ko, "en": alt_en},
    )
    spoken = {"ko": alt_ko, "en": alt_en}[page_language() or "en"]
    publish_display_data({"text/html": markup, "text/plain": f"[{name}] {spoken}"})


def explorer_html(
    name: str,
    image: Any,
    maps: Mapping[str, Tensor],
    grid: tuple[int, int],
    query: int,
    words: Mapping[str, Words],
    alts: Words,
) -> str:
    """Return the `<figure>` element that `attention_explorer` shows."""
    _check(name, maps, grid, query, words, alts)
    chosen = page_language()
    languages = LANGUAGES if chosen is None else (chosen,)

    def both(key: str) -> str:
        return "".join(
            f'<span class="vl-lang-{lang}" lang="{lang}">'
            f"{html.escape(words[lang][key])}</span>"
            for lang in languages
        )

    kinds = "".join(
        f'<label style="margin-right:1em;white-space:nowrap"><input type="radio" '
        f'name="{name}-kind" value="{html.escape(kind)}"'
        f"{' checked' if place == 0 else ''}> {both(kind)}</label>"
        for place, kind in enumerate(maps)
    )
    pictures = "".join(
        f'<img class="vl-lang-{lang}" lang="{lang}" alt="{html.escape(alts[lang])}" '
        f'style="{_PHOTO}" src="data:image/jpeg;base64,{_photo(image)}">'
        for lang in languages
    )
    sliders = "".join(
        f'<label style="display:flex;gap:.6em;align-items:center">'
        f'<span style="min-width:6em">{both(key)}</span><input class="vl-{key}" '
        f'type="range" min="0" max="{size - 1}" value="{value}" style="flex:1"></label>'
        for key, size, value in (
            ("row", grid[0], query // grid[1]),
            ("column", grid[1], query % grid[1]),
        )
    )
    script = _SCRIPT % {"name": name, "data": json.dumps(_data(maps, grid))}
    return (
        f'<figure class="vl-figure" id="{name}" '
        'style="margin:1em auto;max-width:20rem">'
        '<fieldset style="border:0;padding:0;margin:0 0 .5em">'
        f'<legend style="font-size:1em">{both("kind")}</legend>{kinds}</fieldset>'
        f'<div style="position:relative">{pictures}'
        f'<canvas width="{grid[1]}" height="{grid[0]}" aria-hidden="true" '
        f'style="{_OVERLAY}"></canvas></div>{sliders}'
        f'<output aria-live="polite" style="display:block">{both("loudest")} <b></b>'
        f"</output><script>{script}</script></figure>"
    )


# `!important`: the page's own rules for figures would add padding and a border, and
# the canvas would no longer lie exactly on the photo.
_PHOTO = (
    "width:100%;max-width:100%!important;padding:0!important;border:0!important;"
    "margin:0!important;border-radius:0!important;filter:brightness(.55)"
)
_OVERLAY = (
    "position:absolute;inset:0;width:100%;height:100%;image-rendering:pixelated;"
    "cursor:crosshair"
)


def _photo(image: Any) -> str:
    pixels = Image.fromarray((to_pixels(image) * 255).round().astype(np.uint8))
    pixels.thumbnail((_SIDE, _SIDE))
    data = io.BytesIO()
    pixels.save(data, format="jpeg", quality=80)
    return base64.b64encode(data.getvalue()).decode()


def _data(maps: Mapping[str, Tensor], grid: tuple[int, int]) -> dict[str, Any]:
    """One byte for each pair of patches, relative to the row's maximum."""
    shares, most = {}, {}
    for kind, weights in maps.items():
        top = weights.max(dim=-1, keepdim=True).values
        bytes_ = (weights / top.clamp_min(1e-12) * 255).round().byte().cpu().numpy()
        shares[kind] = base64.b64encode(bytes_.tobytes()).decode()
        most[kind] = [round(value, 3) for value in top.flatten().tolist()]
    return {"grid": list(grid), "maps": shares, "most": most}


def _check(
    name: str,
    maps: Mapping[str, Tensor],
    grid: tuple[int, int],
    query: int,
    words: Mapping[str, Words],
    alts: Words,
) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise ValueError(
            f"figure name {name!r}: expected lower-case letters, digits and hyphens"
        )
    patches = grid[0] * grid[1]
    if not maps:
        raise ValueError(f"explorer {name!r}: no maps to show")
    for kind, weights in maps.items():
        if weights.shape != (patches, patches):
            raise ValueError(
                f"map {kind!r} has shape {tuple(weights.shape)}, "
                f"expected {(patches, patches)}"
            )
        if not (bool(weights.isfinite().all()) and bool((weights >= 0).all())):
            raise ValueError(f"map {kind!r}: weights must be finite and at least 0")
    if not 0 <= query < patches:
        raise ValueError(f"query={query}: expected 0 to {patches - 1}")
    for lang in LANGUAGES:
        missing = {*maps, *KEYS} - set(words[lang])
        if missing:
            raise ValueError(f"explorer {name!r}: {lang} lacks {sorted(missing)}")
        if not alts[lang].strip():
            raise ValueError(f"explorer {name!r}: alt_{lang} is empty")
