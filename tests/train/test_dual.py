"""Two towers learn from pairs: repeatable, in every language, clear if they cannot."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vislearn.encoders.small_dual import small_dual
from vislearn.train.dual import fit_dual, usual_bias

COLOURS = torch.tensor(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]
).float()
END = 19


def paper(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Sheets of coloured paper with a little noise, and the number of their colour."""
    generator = torch.Generator().manual_seed(seed)
    colours = torch.randint(len(COLOURS), (count,), generator=generator)
    noise = torch.randn(count, 3, 32, 32, generator=generator)
    return 2 * COLOURS[colours][..., None, None] - 1 + 0.1 * noise, colours


def words(colours: Tensor, first: int) -> Tensor:
    """One word for each colour: (M,) -> ids (M, 3), start, word, end."""
    ids = torch.full((len(colours), 3), END)
    ids[:, 0], ids[:, 1] = 1, first + colours
    return ids


def tiny(seed: int = 0, **options):
    return small_dual(END + 1, seed=seed, context=3, **options)


def right(dual, first: int) -> float:
    images, colours = paper(60, seed=99)
    classes = dual.encode_text(words(torch.arange(len(COLOURS)), first))
    guesses = dual.logits(dual.encode_image(images), classes).argmax(1)
    return float((guesses == colours).double().mean())


@pytest.mark.parametrize(
    ("loss", "options"),
    [("info_nce", {}), ("sigmoid", {"scale": 10.0, "bias": usual_bias(16)})],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_it_names_colours_in_both_languages_after_forty_updates(loss, options, seed):
    images, colours = paper(200, seed)
    texts = {"ko": words(colours, 2), "en": words(colours, 10)}
    dual = tiny(seed, **options)
    fit_dual(
        dual, images, texts, steps=40, batch_size=16, lr=3e-3, seed=seed, loss=loss
    )
    assert not dual.training
    with torch.no_grad():
        assert right(dual, 2) > 0.9
        assert right(dual, 10) > 0.9


def test_a_language_that_was_not_shown_is_not_learned():
    images, colours = paper(200, 0)
    dual = tiny()
    fit_dual(dual, images, words(colours, 2), steps=40, batch_size=16, lr=3e-3)
    with torch.no_grad():
        assert right(dual, 2) > 0.9
        assert right(dual, 10) < 0.7


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    images, colours = paper(40, 0)
    texts = {"ko": words(colours, 2), "en": words(colours, 10)}
    runs = [
        fit_dual(tiny(), images, texts, steps=4, batch_size=8, seed=seed).loss
        for seed in (5, 5, 6)
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_each_pair_is_shown_in_either_language():
    images, colours = paper(64, 0)
    dual, seen = tiny(), []
    dual.text.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    texts = {"ko": words(colours, 2), "en": words(colours, 10)}
    fit_dual(dual, images, texts, steps=8, batch_size=16)
    shown = torch.cat(seen)[:, 1] >= 10
    assert 0.3 < float(shown.double().mean()) < 0.7
    assert not bool(shown.view(8, 16).all(1).any())  # mixed within a batch


def numbered(count: int) -> tuple[Tensor, Tensor]:
    """Images and texts that all know their number: the first pixel, and word 1."""
    images = torch.zeros(count, 3, 32, 32)
    images[:, 0, 0, 0] = torch.arange(count).float()
    return images, words(torch.arange(count) % 8, 2)


def test_no_pair_stands_twice_in_a_batch_and_each_epoch_is_new():
    images, texts = numbered(20)
    dual, seen = tiny(), []
    dual.visual.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    fit_dual(dual, images, texts, steps=8, batch_size=8)
    batches = [set(batch[:, 0, 0, 0].tolist()) for batch in seen]
    assert [len(batch) for batch in batches] == [8] * 8  # 20 = 8 + 8 and a rest of 4
    for first, second in zip(batches[::2], batches[1::2], strict=True):
        assert not first & second  # of one epoch
    assert len({frozenset(batch) for batch in batches}) == 8


def test_a_batch_may_be_the_whole_set_and_not_more():
    images, texts = numbered(6)
    assert len(fit_dual(tiny(), images, texts, steps=2, batch_size=6).loss) == 2
    with pytest.raises(ValueError, match="batch_size=7: expected at most 6"):
        fit_dual(tiny(), images, texts, steps=2, batch_size=7)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_language_has_nothing_to_do_with_the_number_of_the_pair(seed):
    images, colours = paper(4_000, 0)
    images[:, 0, 0, 0] = torch.arange(4_000).float()
    dual, even, english = tiny(), [], []
    dual.visual.register_forward_pre_hook(
        lambda _, given: even.append(given[0][:, 0, 0, 0] % 2 == 0)
    )
    dual.text.register_forward_pre_hook(
        lambda _, given: english.append(given[0][:, 1] >= 10)
    )
    texts = {"ko": words(colours, 2), "en": words(colours, 10)}
    fit_dual(dual, images, texts, steps=40, batch_size=100, seed=seed)
    same = torch.cat(even) == torch.cat(english)
    assert abs(float(same.double().mean()) - 0.5) < 0.03  # 3.8 standard deviations


def test_scale_and_bias_move_are_recorded_and_do_not_decay():
    images, colours = paper(32, 0)
    dual = tiny(scale=10.0, bias=-3.0)
    history = fit_dual(
        dual, images, words(colours, 2), steps=5, batch_size=8, loss="sigmoid",
        weight_decay=0.9,
    )  # fmt: skip
    steps, scales = history.column("scale")
    assert steps == list(range(5))
    assert scales[-1] == pytest.approx(float(dual.scale.detach()))
    assert history.column("bias")[1][-1] == pytest.approx(
        float(dual.logit_bias.detach())
    )

    def nothing(image, text, scale, bias):
        return 0 * (image.sum() + scale + bias)

    still = fit_dual(
        tiny(scale=10.0, bias=-3.0), images, words(colours, 2), steps=5, batch_size=8,
        loss=nothing,
        weight_decay=0.9,
    )  # fmt: skip
    assert still.column("scale")[1][-1] == pytest.approx(10.0)
    assert still.column("bias")[1][-1] == pytest.approx(-3.0)


def test_the_scale_is_clipped_after_each_update():
    images, colours = paper(32, 0)
    dual = tiny(scale=99.9)
    history = fit_dual(
        dual, images, words(colours, 2), steps=5, batch_size=8, lr=0.1,
        loss=lambda image, text, scale, bias: -scale,
    )  # fmt: skip
    assert max(history.column("scale")[1]) <= 100.001


def test_a_fixed_scale_stays():
    images, colours = paper(32, 0)
    dual = tiny(scale=20.0)
    dual.logit_scale.requires_grad_(False)
    history = fit_dual(dual, images, words(colours, 2), steps=3, batch_size=8, lr=0.01)
    assert history.column("scale")[1] == pytest.approx([20.0] * 3)


@pytest.mark.parametrize("scale", [0.5, 200.0])
def test_a_fixed_scale_is_not_clipped(scale):
    images, colours = paper(32, 0)
    dual = tiny(scale=scale)
    dual.logit_scale.requires_grad_(False)
    history = fit_dual(dual, images, words(colours, 2), steps=2, batch_size=8, lr=0.01)
    assert history.column("scale")[1] == pytest.approx([scale] * 2)


def test_a_loss_of_ones_own_gets_embeddings_of_length_one():
    images, colours = paper(16, 0)

    def loss(image, text, scale, bias):
        assert bias is None
        for x in (image, text):
            assert x.shape == (8, 64)
            assert torch.allclose(x.norm(dim=1), torch.ones(8), atol=1e-5)
        return -F.cosine_similarity(image, text).mean()

    history = fit_dual(
        tiny(), images, words(colours, 2), steps=6, batch_size=8, loss=loss
    )
    assert history.loss[-1] < history.loss[0]


def test_what_on_step_returns_is_kept_beside_the_scale():
    images, colours = paper(16, 0)
    history = fit_dual(
        tiny(), images, words(colours, 2), steps=3, batch_size=4,
        on_step=lambda step, model: {"twice": 2.0 * step} if step else None,
    )  # fmt: skip
    assert history.column("twice") == ([1, 2], [2.0, 4.0])
    assert len(history.column("scale")[0]) == 3


def test_a_loss_that_is_not_finite_is_named():
    images, colours = paper(16, 0)
    with pytest.raises(ValueError, match="loss is nan at step 0"):
        fit_dual(
            tiny(), images, words(colours, 2), steps=2, batch_size=4,
            loss=lambda image, text, scale, bias: scale * math.nan,
        )  # fmt: skip


def test_the_usual_bias_expects_one_match_in_a_row():
    assert torch.sigmoid(torch.tensor(usual_bias(64))) == pytest.approx(1 / 64)
    with pytest.raises(ValueError, match="batch_size=1"):
        usual_bias(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": torch.zeros(4, 3, 32)}, r"\(4, 3, 32\), expected \(M, C, H, W\)"),
        ({"texts": torch.zeros(3, 3).long()}, "4 images but 3 texts"),
        ({"texts": {}}, "texts are empty"),
        ({"texts": torch.zeros(4, 3)}, r"expected token ids \(M, L\) int64"),
        ({"texts": torch.zeros(4).long()}, r"expected token ids \(M, L\) int64"),
        (
            {"texts": {"ko": torch.ones(4, 3).long(), "en": torch.ones(4, 2).long()}},
            r"different lengths: \{'ko': 3, 'en': 2\}",
        ),
        ({"texts": [[1, 2, 3]] * 4}, r"texts: expected token ids \(M, L\).*got list"),
        ({"texts": {"ko": ["집"] * 4}}, r"ko: expected token ids \(M, L\).*got list"),
        ({"loss": "hinge"}, "loss 'hinge': expected"),
        ({"loss": "sigmoid"}, "the sigmoid loss needs a bias"),
        ({"steps": 0}, "steps=0"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_bad_input_is_named_before_training(change, message):
    dual = tiny()
    before = dual.logit_scale.clone()
    given = {"images": torch.zeros(4, 3, 32, 32), "texts": torch.ones(4, 3).long()}
    options = {"steps": 2, "batch_size": 2}
    with pytest.raises(ValueError, match=message):
        fit_dual(dual, **{**given, **options, **change})
    assert torch.equal(dual.logit_scale, before)
