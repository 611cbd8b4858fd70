"""Which pixels reach a token: exact where it can be worked out, drawn as measured."""

import numpy as np
import pytest
import torch
from torch import nn

import vislearn
from vislearn import show
from vislearn.show.publish import MAX_BYTES, render_png
from vislearn.show.reach import Reach, colours, percent, stage_maps

IMAGE = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
SWIN = {"patch_size": 4, "width": 8, "depths": (2, 2, 2), "heads": (1, 2, 4)}


def build(name: str, **options):
    torch.manual_seed(0)
    return vislearn.create_model(name, img_size=64, **options)


def swin(**options):
    return build("swin_t", window=4, **SWIN, **options)


def vit(depth: int = 2):
    return build("vit_ti16", patch_size=16, width=32, depth=depth, heads=2)


def box(one: Reach) -> list[int]:
    """First and last row and column that reach the token."""
    rows, columns = (one.strength > 0).nonzero(as_tuple=True)
    return [int(v) for v in (rows.min(), rows.max(), columns.min(), columns.max())]


def test_windows_bound_what_reaches_a_token_of_swin():
    # Pixel (26, 26) lies in token (6, 6), in the window of rows and columns 4 to 7.
    without = show.token_reach(swin(shift=0), IMAGE, (26, 26))
    assert [one.grid for one in without] == [(16, 16), (8, 8), (4, 4)]
    assert [one.token for one in without] == [(6, 6), (3, 3), (1, 1)]
    assert box(without[0]) == [16, 31, 16, 31]
    assert [one.share for one in without] == [1 / 16, 1 / 4, 1.0]


def test_shifted_windows_bring_in_the_neighbours():
    # Shifted by 2, the window of token (6, 6) has rows and columns 6 to 9, which the
    # block before filled from windows 4 to 7 and 8 to 11.
    one = show.token_reach(swin(), IMAGE, (26, 26), stages=[0])[0]
    assert box(one) == [16, 47, 16, 47]
    assert one.share == 1 / 4


def test_every_pixel_reaches_every_token_of_a_vit_after_one_block():
    states = show.token_reach(vit(), IMAGE, (20, 40), stages=[0, 1])
    assert states[0].token == (1, 2)
    assert box(states[0]) == [16, 31, 32, 47]  # the embedding knows its own patch
    assert states[0].share == 1 / 16
    assert states[1].share == 1.0


def test_a_convolution_sees_a_square_around_its_token():
    model = build("resnet18", width=16, depths=(1, 1, 1, 1))
    one = show.token_reach(model, IMAGE, (32, 32), stages=[0])[0]
    # 7 pixels by the stem, 2 · 2 more by the pooling, 2 · 2 · 4 by two 3 × 3.
    assert box(one) == [32 - 13, 32 + 13, 32 - 13, 32 + 13]


@pytest.mark.parametrize("name", ["convnext_t", "pvt_tiny", "pvt_v2_b0", "cvt_13"])
def test_every_hierarchical_family_can_be_asked(name):
    reached = show.token_reach(build(name), IMAGE, (26, 26), directions=1, stages=[0])
    assert reached[0].strength.shape == (64, 64)
    assert reached[0].grid == (16, 16)
    assert reached[0].strength.max() == 1
    assert 0 < reached[0].share <= 1


def test_as_many_directions_as_the_token_is_wide_are_exact():
    model, image = swin(), IMAGE
    measured = show.token_reach(model, image, (26, 26), stages=[1], directions=16)[0]

    def token(pixels):
        return stage_maps(model.eval(), pixels[None])[1][0, :, 3, 3]

    jacobian = torch.autograd.functional.jacobian(token, image)  # (D, C, H, W)
    norm = jacobian.square().sum((0, 1)).sqrt()
    torch.testing.assert_close(
        measured.strength, norm / norm.max(), rtol=1e-4, atol=1e-5
    )


def test_few_directions_are_near_the_exact_strengths():
    model = vit()
    exact = show.token_reach(model, IMAGE, (26, 26), stages=[2], directions=32)[0]
    few = show.token_reach(model, IMAGE, (26, 26), stages=[2], directions=8)[0]
    correlation = torch.corrcoef(
        torch.stack([exact.strength.flatten(), few.strength.flatten()])
    )[0, 1]
    assert correlation > 0.95


def test_measuring_twice_gives_the_same_and_leaves_no_trace():
    model = vit().train()
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = show.token_reach(model, IMAGE, (26, 26))
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    second = show.token_reach(model, IMAGE, (26, 26))
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.strength, other.strength)
    another = show.token_reach(model, IMAGE, (26, 26), seed=1)
    assert not torch.equal(first[-1].strength, another[-1].strength)


@pytest.mark.parametrize(
    ("depth", "stages"), [(1, [1]), (2, [1, 2]), (4, [1, 2, 3, 4]), (12, [1, 5, 8, 12])]
)
def test_of_a_deep_vit_four_blocks_are_chosen(depth, stages):
    reached = show.token_reach(vit(depth), IMAGE, (0, 0), directions=1)
    assert [one.stage for one in reached] == stages


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"place": (64, 0)}, r"\(64, 0\) lies outside of the image of 64 × 64"),
        ({"place": (0, -1)}, "outside"),
        ({"image": IMAGE[None]}, r"one image \(C, H, W\), got \(1, 3, 64, 64\)"),
        ({"stages": [9]}, "stage 9: expected 0 to 2"),
        ({"directions": 0}, "at least 1, got 0"),
        ({"model": nn.Identity()}, "Identity has neither feature_maps nor hidden"),
    ],
)
def test_what_cannot_be_measured_is_refused(change, message):
    arguments = {"model": vit(), "image": IMAGE, "place": (0, 0), **change}
    with pytest.raises(ValueError, match=message):
        show.token_reach(**arguments)


def drawn_rows():
    return {
        "swin": show.token_reach(swin(), IMAGE, (26, 26), directions=1),
        "vit": show.token_reach(vit(), IMAGE, (26, 26), directions=1),
    }


def test_a_row_of_pictures_for_each_model_in_the_words_of_the_page():
    words = {"swin": "창", "stage": "단계", "title": "제목", "strength": "세기"}
    drawn = show.reach_maps(IMAGE, drawn_rows(), words)
    texts = [
        text.get_text()
        for text in drawn.findobj(lambda item: hasattr(item, "get_text"))
    ]
    assert {"창", "vit", "단계 1", "단계 3", "제목", "세기", "25 %"} <= set(texts)
    assert texts.count("100 %") == 2 + 2
    pictures = [axis for axis in drawn.axes if len(axis.images) == 2]
    assert len(pictures) == 3 + 2
    assert len(render_png(lambda _: drawn, {})) <= MAX_BYTES


def test_pixels_that_cannot_reach_stay_grey_and_stronger_is_brighter():
    painted = colours(torch.tensor([[0.0, 1e-9, 1e-2, 1e-1, 1.0]]))[0]
    assert painted[0, 3] == 0
    assert (painted[1:, 3] > 0).all()
    brightness = painted[1:, :3].sum(-1)
    assert (np.diff(brightness) > 0).all()


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100 %"), (0.999, "> 99 %"), (0.25, "25 %"), (0.004, "0.4 %"), (0, "0 %")],
)
def test_less_than_all_is_never_called_all(share, text):
    assert percent(share) == text


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"'swin' was measured on \(64, 64\) pixels"):
        show.reach_maps(IMAGE[:, :32], drawn_rows())
    with pytest.raises(ValueError, match="nothing"):
        show.reach_maps(IMAGE, {})
