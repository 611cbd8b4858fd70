"""Figures of images and texts draw the numbers and pieces that they are given."""

from __future__ import annotations

import subprocess
import sys
import warnings
from itertools import pairwise
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from vislearn import show
from vislearn.show.publish import MAX_BYTES, render_png
from vislearn.show.text_pieces import pieces
from vislearn.tokenizers import BPE, CLIPTokenizer, bilingual_bpe

IMAGES: Any = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
TEXTS = ["큰 빨간 별", "a ring", "회색 십자가 아래에 있는 큰 보라색 정사각형"]
MATRIX = torch.tensor(
    [[0.9, 0.1, 0.2], [0.1, 0.8, 0.3], [0.2, 0.3, 0.7], [0.0, 0.4, 0.5]]
)
RIGHT = torch.eye(4, 3).bool()


def texts(figure: Figure) -> list[str]:
    items: list[Any] = figure.findobj(lambda item: hasattr(item, "get_text"))
    return [item.get_text() for item in items if item.get_text()]


def test_similarity_draws_texts_in_rows_and_images_above_the_columns():
    figure = show.similarity(MATRIX, IMAGES, TEXTS, words={"title": "유사도"})
    axis = figure.axes[0]
    pictures: list[Any] = list(axis.images)
    table = pictures.pop(0)
    assert table.get_array().shape == (3, 4)
    assert table.get_array().T.tolist() == MATRIX.tolist()
    assert len(pictures) == 4
    top = min(axis.get_ylim())
    for column, picture in enumerate(pictures):
        left, right, bottom, high = picture.get_extent()
        assert left < column < right
        assert top <= high < bottom <= -0.5
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert [label.replace("\n", " ") for label in labels] == TEXTS
    assert "유사도" in texts(figure)
    assert "cosine similarity" in texts(figure)


@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize(
    "text",
    [
        "큰 파란 원이 큰 보라색 반달 아래에 있습니다.",
        "There is a large purple half-moon to the left of a large orange square.",
        "빨간 별",
    ],
)
def test_no_text_of_similarity_leaves_the_figure(count: int, text: str) -> None:
    images: Any = torch.rand(count, 3, 8, 8)
    figure = show.similarity(torch.rand(count, 2), images, [text, "a"])
    figure.draw_without_rendering()
    axis = figure.axes[0]
    for label in axis.get_yticklabels():
        box = label.get_window_extent()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.y1 <= figure.bbox.height
    assert axis.get_window_extent().x1 <= figure.bbox.width


def test_a_dot_marks_the_text_that_is_closest_to_each_image():
    axis = show.similarity(MATRIX, IMAGES, TEXTS).axes[0]
    marked = {
        item.get_position(): item.get_text() for item in axis.texts
        if "●" in item.get_text()
    }  # fmt: skip
    assert marked == {
        (0, 0): "0.90\n●", (1, 1): "0.80\n●", (2, 2): "0.70\n●", (3, 2): "0.50\n●"
    }  # fmt: skip


def test_right_pairs_have_a_frame_of_two_colours():
    def frames(right: Any) -> set[tuple[float, float]]:
        axis = show.similarity(MATRIX, IMAGES, TEXTS, right=right).axes[0]
        return {
            patch.get_xy() for patch in axis.patches
            if isinstance(patch, Rectangle) and patch.get_y() > -0.5
        }  # fmt: skip

    assert frames(None) == set()
    assert frames(RIGHT) == {(i - 0.46, i - 0.46) for i in range(3)}


def test_large_tables_carry_no_numbers():
    images: Any = torch.rand(9, 3, 8, 8)
    figure = show.similarity(torch.rand(9, 3), images, TEXTS)
    assert len(figure.axes[0].texts) == 0


def test_retrieval_grid_draws_what_was_found_in_order():
    found = torch.tensor([[3, 0, 2], [1, 1, 0]])
    figure = show.retrieval_grid(TEXTS[:2], found, IMAGES, words={"title": "검색"})
    drawn: list[Any] = [axis.images[0].get_array() for axis in figure.axes]
    assert len(drawn) == 6
    for place, pixels in zip(found.flatten().tolist(), drawn, strict=True):
        assert pixels.tolist() == IMAGES[place].permute(1, 2, 0).tolist()
    assert {*TEXTS[:2], "검색"} <= set(texts(figure))


def test_retrieval_grid_marks_by_sign_and_line_not_by_colour_alone():
    found = torch.tensor([[0, 1]])
    figure = show.retrieval_grid(
        ["별"], found, IMAGES, torch.tensor([[True, False]]), captions=list("abcd")
    )
    assert {"✓ a", "✗ b"} <= set(texts(figure))
    solid, dashed = (axis.spines["left"].get_linestyle() for axis in figure.axes)
    assert solid != dashed


def test_every_token_has_a_box_and_the_count_is_written():
    tokenizers: dict[str, Any] = {"CLIP": CLIPTokenizer(), "two": bilingual_bpe()}
    figure = show.text_tokens(
        ["큰 빨간 별", "a large red star"], tokenizers, {"tokens": "토큰", "two": "둘"}
    )
    boxes = [p for p in figure.axes[0].patches if isinstance(p, FancyBboxPatch)]
    counts = {
        (name, text): len(tokenizer.encode(text))
        for name, tokenizer in tokenizers.items()
        for text in ("큰 빨간 별", "a large red star")
    }
    assert len(boxes) == sum(counts.values())
    assert {f"CLIP: {counts['CLIP', '큰 빨간 별']} 토큰", "둘: 3 토큰"} <= set(
        texts(figure)
    )
    assert {"“큰 빨간 별”", "·빨간", "star·"} <= set(texts(figure))


def test_boxes_stay_inside_of_the_figure_and_do_not_overlap():
    figure = show.text_tokens("작은 주황색 십자가 " * 6, {"CLIP": CLIPTokenizer()})
    axis = figure.axes[0]
    boxes = sorted(
        (round(p.get_y(), 3), p.get_x(), p.get_x() + p.get_width())
        for p in axis.patches if isinstance(p, FancyBboxPatch)
    )  # fmt: skip
    assert len({top for top, _, _ in boxes}) > 1
    low, high = axis.get_xlim()
    assert all(low <= left and right <= high for _, left, right in boxes)
    for (top, _, right), (below, left, _) in pairwise(boxes):
        assert below > top or left > right


@pytest.mark.parametrize("letters", ["별이 빛나는 밤 ", "a starry night "])
def test_long_texts_are_broken_before_the_figure_ends(letters: str) -> None:
    text = (letters * 12).strip()
    found = torch.tensor([[0, 1]])
    for figure in (
        show.text_tokens(text, {"raw": BPE([], pattern=r"(?s).+")}),
        show.retrieval_grid([text], found, IMAGES),
    ):
        figure.draw_without_rendering()
        items: list[Any] = figure.findobj(lambda item: hasattr(item, "get_text"))
        lines = [item for item in items if item.get_text()[:5].strip("“") in text]
        assert any("\n" in item.get_text() for item in lines) or len(lines) > 1
        for item in lines:
            assert item.get_window_extent().x1 <= figure.bbox.width


def test_parts_of_characters_are_shown_as_bytes():
    raw = BPE([])
    assert pieces(raw, "별 a") == [
        ("EB", False), ("B3", False), ("84", False), ("·", True), ("a", True)
    ]  # fmt: skip
    assert pieces(CLIPTokenizer(), "a🌟") == [("a·", True), ("F0 9F 8C 9F 20", False)]
    assert pieces(raw, "\0\n") == [("00", False), ("0A", False)]


def test_texts_of_both_languages_are_drawn_without_missing_letters():
    def draw(words):
        return show.text_tokens(
            ["작은 별 🌟", "“curly” — é"], {"a": CLIPTokenizer(), "b": BPE([])}, words
        )

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(render_png(draw, {})) <= MAX_BYTES
        render_png(lambda words: show.similarity(MATRIX, IMAGES, TEXTS), {})
        found = torch.tensor([[0, 1]])
        render_png(lambda words: show.retrieval_grid(["별"], found, IMAGES), {})


@pytest.mark.parametrize("text", ["from $5 to $6", r"$\foo$", "$$", r"a \$ b $"])
def test_dollars_in_texts_are_dollars_not_formulas(text: str) -> None:
    found = torch.tensor([[0, 1]])
    whole = BPE([], pattern=r"(?s).+")
    for draw in (
        lambda: show.text_tokens(text, {"raw": whole}),
        lambda: show.similarity(MATRIX[:2, :2], IMAGES[:2], [text, "a"]),
        lambda: show.retrieval_grid([text], found, IMAGES),
        lambda: show.retrieval_grid(["a"], found, IMAGES, captions=[text] * 4),
    ):
        figure = draw()
        figure.draw_without_rendering()
        items: list[Any] = figure.findobj(lambda item: hasattr(item, "get_text"))
        read = [item._preprocess_math(item.get_text()) for item in items]
        assert not any(formula for _, formula in read)
        assert text in " ".join(shown for shown, _ in read).replace("”", "")


def test_a_table_of_empty_texts_can_be_drawn() -> None:
    show.similarity(MATRIX[:, :2], IMAGES, ["", ""]).draw_without_rendering()


def test_a_figure_is_still_a_function_after_its_module_was_loaded():
    code = (
        "from vislearn import show;"
        "names = ('similarity', 'retrieval_grid', 'text_tokens');"
        "print(all(callable(getattr(show, n)) for n in names for _ in range(2)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"


FOUND = torch.tensor([[0, 1]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: show.similarity(MATRIX[0], IMAGES, TEXTS), r"expected \(B, M\)"),
        (lambda: show.similarity(MATRIX.T, IMAGES, TEXTS), "for 4 images and 3 texts"),
        (lambda: show.similarity(MATRIX, IMAGES, TEXTS, RIGHT.T), r"expected \(4, 3\)"),
        (lambda: show.similarity(MATRIX / 0, IMAGES, TEXTS), "not all finite"),
        (lambda: show.retrieval_grid(["a", "b"], FOUND, IMAGES), r"expected \(2, k\)"),
        (lambda: show.retrieval_grid(["a"], FOUND + 3, IMAGES), "picture 4: .* 0 to 3"),
        (lambda: show.retrieval_grid(["a"], FOUND - 1, IMAGES), "picture -1"),
        (lambda: show.retrieval_grid(["a"], FOUND, IMAGES, RIGHT), "right of shape"),
        (lambda: show.retrieval_grid(["a"], FOUND, IMAGES, captions=["a"]),
         "4 images but 1 captions"),
        (lambda: show.text_tokens([], {"a": BPE([])}), "0 texts, 1 tokenizers"),
        (lambda: show.text_tokens("a", {}), "1 texts, 0 tokenizers"),
        (lambda: show.text_tokens("", {"a": BPE([])}), "'' has no tokens"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
