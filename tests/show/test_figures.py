"""The figures draw the numbers that they are given."""

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from vislearn import show
from vislearn.show.look import LINES, MARKERS, PALETTE
from vislearn.show.patches import filter_components
from vislearn.show.pixels import cut_into_patches, mosaic, to_pixels
from vislearn.show.positions import cosine_table
from vislearn.show.publish import MAX_BYTES, render_png

PICTURE = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
WEIGHTS = torch.softmax(
    torch.randn(2, 17, 17, generator=torch.Generator().manual_seed(0)), -1
)


def drawn_images(figure: Figure) -> list[np.ndarray]:
    return [
        np.asarray(image.get_array()) for axis in figure.axes for image in axis.images
    ]


def texts(figure: Figure) -> str:
    found = [text.get_text() for text in figure.findobj(lambda item: True)
             if hasattr(text, "get_text")]  # fmt: skip
    return "\n".join(found)


def test_all_kinds_of_images_become_the_same_pixels():
    array = (PICTURE * 255).round().byte().permute(1, 2, 0).numpy()
    from_pil = to_pixels(Image.fromarray(array))
    assert np.allclose(from_pil, to_pixels(array))
    assert np.allclose(
        from_pil, to_pixels(torch.from_numpy(array / 255).permute(2, 0, 1))
    )


def test_grey_images_become_three_equal_channels():
    pixels = to_pixels(torch.rand(1, 5, 6))
    assert pixels.shape == (5, 6, 3)
    assert (pixels[..., 0] == pixels[..., 2]).all()
    assert to_pixels(torch.rand(5, 6)).shape == (5, 6, 3)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (torch.randn(3, 8, 8) * 3, "undo the normalisation"),
        (torch.full((3, 8, 8), torch.nan), "undo the normalisation"),
        (torch.rand(4, 8, 8), r"\(4, 8, 8\)"),
        (torch.rand(1, 3, 8, 8), r"\(1, 3, 8, 8\)"),
    ],
)
def test_what_is_not_an_image_is_refused(image, message):
    with pytest.raises(ValueError, match=message):
        to_pixels(image)


def test_patches_are_cut_row_by_row():
    pixels = np.arange(4 * 6 * 3).reshape(4, 6, 3)
    patches = cut_into_patches(pixels, 2)
    assert patches.shape == (2, 3, 2, 2, 3)
    assert (patches[1, 2] == pixels[2:4, 4:6]).all()
    with pytest.raises(ValueError, match=r"4 × 6 pixels.*patches of 4"):
        cut_into_patches(pixels, 4)


def test_a_mosaic_keeps_the_tiles_and_leaves_gaps():
    tiles = np.zeros((2, 2, 3, 3))
    sheet = mosaic(tiles, gap=1)
    assert sheet.shape == (7, 7)
    assert (sheet[3] == 1).all()
    assert sheet.sum() == 13


def test_image_grid_draws_every_image_with_its_caption():
    pictures = torch.rand(5, 3, 8, 8)
    figure = show.image_grid(
        pictures, columns=3, captions=list("abcde"), words={"title": "제목"}
    )
    drawn = drawn_images(figure)
    assert len(drawn) == 5
    assert np.allclose(drawn[4], pictures[4].permute(1, 2, 0))
    assert all(letter in texts(figure).split() for letter in "abcde")
    assert "제목" in texts(figure)


def test_image_grid_marks_right_and_wrong_with_signs_not_colour_alone():
    figure = show.image_grid(torch.rand(2, 3, 8, 8), correct=[True, False])
    assert {"✓", "✗"} <= set(texts(figure).split())
    solid, dashed = (axis.spines["left"].get_linestyle() for axis in figure.axes)
    assert solid != dashed


def test_image_grid_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="2 images but 1 captions"):
        show.image_grid(torch.rand(2, 3, 8, 8), captions=["a"])
    with pytest.raises(ValueError, match="0 images"):
        show.image_grid([])


def test_patch_grid_numbers_patches_in_reading_order():
    figure = show.patch_grid(PICTURE, 8, numbers=True, marked=[5])
    (axis,) = figure.axes
    places = {text.get_text(): text.get_position() for text in axis.texts}
    assert set(places) == {str(number) for number in range(16)}
    assert places["5"][0] == places["1"][0]  # same column, one row further down
    assert places["5"][1] > places["1"][1]
    with pytest.raises(ValueError, match="patch 16: expected 0 to 15"):
        show.patch_grid(PICTURE, 8, marked=[16])


def test_attention_matrix_writes_the_weights_of_small_tables():
    table = torch.tensor([[0.25, 0.75], [0.9, 0.1]])
    words = {"query": "질의", "key": "키"}
    figure = show.attention_matrix(table, labels=["a", "b"], words=words)
    assert np.allclose(drawn_images(figure)[0], table)
    axis = figure.axes[0]
    written = {text.get_position(): text.get_text() for text in axis.texts}
    # x is the column: the key.
    assert written == {(0, 0): "0.25", (1, 0): "0.75", (0, 1): "0.90", (1, 1): "0.10"}
    assert axis.get_ylabel() == "질의"
    assert axis.get_xlabel() == "키"


def test_attention_matrix_draws_one_table_per_head_on_one_scale():
    figure = show.attention_matrix(WEIGHTS)
    pictures = [image for axis in figure.axes[:2] for image in axis.images]
    assert [picture.get_clim() for picture in pictures] == [
        (0, float(WEIGHTS.max()))
    ] * 2


@pytest.mark.parametrize(
    ("weights", "labels", "message"),
    [
        (torch.rand(2, 3), None, r"\(2, 3\)"),
        (torch.rand(1, 2, 3, 3), None, r"\(1, 2, 3, 3\)"),
        (torch.rand(3, 3), ["a"], "3 tokens but 1 labels"),
    ],
)
def test_attention_matrix_refuses_what_does_not_fit(weights, labels, message):
    with pytest.raises(ValueError, match=message):
        show.attention_matrix(weights, labels)


def test_attention_over_image_draws_the_querys_row_without_the_prefix():
    figure = show.attention_over_image(PICTURE, WEIGHTS, (4, 4), query=6)
    overlays = [axis.images[1].get_array() for axis in figure.axes[1:3]]
    for head, overlay in enumerate(overlays):
        row = WEIGHTS[head, 6, 1:].reshape(4, 4)
        assert np.allclose(overlay, row / row.max())
    assert f"max {float(WEIGHTS[1, 6, 1:].max()):.2g}" in texts(figure)


def test_attention_over_image_frames_the_patch_that_looks_but_not_cls():
    figure = show.attention_over_image(PICTURE, WEIGHTS, (4, 4), query=7)
    frame = figure.axes[0].patches[0]  # token 7 is patch 6: row 1, column 2
    assert (frame.get_x(), frame.get_y()) == (2 * 8 - 0.5, 1 * 8 - 0.5)
    figure = show.attention_over_image(PICTURE, WEIGHTS, (4, 4), query=0)
    assert len(figure.axes[0].patches) == 0


def test_attention_over_image_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="17 tokens cannot hold a grid of 5 × 4"):
        show.attention_over_image(PICTURE, WEIGHTS, (5, 4))
    with pytest.raises(ValueError, match="query=17"):
        show.attention_over_image(PICTURE, WEIGHTS, (4, 4), query=17)


def test_position_similarity_draws_cosines():
    embeddings = torch.randn(6, 8, generator=torch.Generator().manual_seed(1))
    table = cosine_table(embeddings)
    expected = torch.nn.functional.cosine_similarity(
        embeddings[:, None], embeddings[None], dim=-1
    )
    assert np.allclose(table, expected, atol=1e-6)
    figure = show.position_similarity(embeddings, (2, 3))
    sheet = drawn_images(figure)[0]
    # The map in row 1, column 2 belongs to token 5; the gap is 1 pixel.
    tile = sheet[3:5, 8:11]
    assert np.allclose(tile, table[5].reshape(2, 3))
    with pytest.raises(ValueError, match=r"\(6, D\) for a grid of 2 × 3"):
        show.position_similarity(embeddings[:5], (2, 3))


def test_position_similarity_draws_evenly_spread_places_of_a_large_grid():
    figure = show.position_similarity(torch.randn(196, 8), (14, 14), most=5)
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == ["0", "3", "6", "10", "13"]


def test_filter_components_find_the_directions_that_filters_use():
    """Filters made of two patterns have these two as their components."""
    generator = torch.Generator().manual_seed(0)
    patterns = torch.linalg.qr(torch.randn(48, 2, generator=generator))[0].T
    strengths = torch.randn(64, 2, generator=generator) * torch.tensor([5.0, 1.0])
    components = filter_components((strengths @ patterns).view(64, 3, 4, 4))
    overlap = (components[:2].flatten(1) @ patterns.T).abs()
    assert torch.allclose(overlap, torch.eye(2), atol=0.2)
    assert torch.allclose(
        overlap.square().sum(1), torch.ones(2), atol=1e-4
    )  # within the plane
    assert components.shape == (48, 3, 4, 4)


def test_patch_filters_refuse_what_is_not_an_rgb_filter():
    with pytest.raises(ValueError, match=r"\(8, 1, 4, 4\)"):
        show.patch_filters(torch.rand(8, 1, 4, 4))
    with pytest.raises(ValueError, match="count=28: expected 1 to 8"):
        show.patch_filters(torch.rand(8, 3, 4, 4))


def test_curves_draw_means_inside_bands_with_their_own_lines_and_markers():
    runs = np.array([[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]])
    figure = show.curves(
        {"a": runs, "b": [5.0, 6.0, 7.0]},
        x=[10, 20, 30],
        words={"a": "가", "y": "정확도"},
        level=0.5,
    )
    (axis,) = figure.axes
    first, second, _ = axis.lines
    assert first.get_ydata().tolist() == [1.0, 2.0, 3.0]
    assert first.get_xdata().tolist() == [10, 20, 30]
    (band,) = axis.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0.0, 4.0)
    assert first.get_linestyle() != second.get_linestyle()
    assert first.get_marker() != second.get_marker()
    legend = [text.get_text() for text in axis.get_legend().get_texts()]
    assert legend == ["가", "b"]
    assert axis.get_ylabel() == "정확도"


def test_curves_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="no curve"):
        show.curves({})
    with pytest.raises(ValueError, match="'a': 3 values at 2 places"):
        show.curves({"a": [1, 2, 3]}, x=[0, 1])


def test_bars_carry_their_values_and_hatching():
    figure = show.bars({"a": [0.25, 0.5], "b": [0.75, 1.0]}, ["x", "y"])
    (axis,) = figure.axes
    assert {"0.25", "0.50", "0.75", "1.00"} <= {text.get_text() for text in axis.texts}
    assert len({bar.get_hatch() for bar in axis.patches}) == 2
    with pytest.raises(ValueError, match="'a': 1 values for 2 groups"):
        show.bars({"a": [1.0]}, ["x", "y"])


def test_token_sequence_counts_places_from_the_first_prefix_token():
    figure = show.token_sequence(PICTURE, 8, prefix=("CLS", "R1"), most=4)
    written = texts(figure).split()
    for text in ("CLS", "R1", "…", "0", "1", "2", "3", "4", "17"):
        assert text in written
    assert "16" not in written  # left out, as are 5 to 15
    last = drawn_images(figure)[-1]
    assert np.allclose(last, PICTURE[:, 24:, 24:].permute(1, 2, 0))
    with pytest.raises(ValueError, match="most=1"):
        show.token_sequence(PICTURE, 8, most=1)


def test_no_two_series_share_colour_line_and_marker():
    assert len(set(PALETTE)) == len(set(MARKERS)) == len(set(LINES)) == len(PALETTE)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: show.image_grid(torch.rand(8, 3, 64, 64), captions=["빨간 원"] * 8),
        lambda: show.patch_grid(torch.rand(3, 224, 224), 32, numbers=True),
        lambda: show.attention_over_image(
            torch.rand(3, 224, 224), WEIGHTS, (4, 4), query=3
        ),
        lambda: show.attention_matrix(WEIGHTS),
        lambda: show.position_similarity(torch.randn(196, 8), (14, 14)),
        lambda: show.patch_filters(torch.randn(64, 3, 16, 16)),
        lambda: show.curves({"a": np.random.rand(3, 80), "b": np.random.rand(80)}),
        lambda: show.bars({"a": [0.2, 0.4]}, ["x", "y"]),
        lambda: show.token_sequence(PICTURE, 8, words={"place": "위치"}),
    ],
)
def test_every_figure_stays_under_150_kb_even_for_noise(draw):
    figure = draw()
    assert figure.get_figwidth() <= 4.8  # else its text is too small on a phone
    assert figure.get_facecolor() == (1, 1, 1, 1)
    assert len(render_png(lambda words: figure, {})) <= MAX_BYTES


def test_figures_leave_nothing_open():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    render_png(lambda words: show.bars({"a": [1.0]}, ["x"]), {})
    assert plt.get_fignums() == before
