"""The clickable photo says in HTML what the weights say in numbers."""

import base64
import json
import re

import pytest
import torch

from vislearn.show.explorer import explorer_html

WORDS = {
    "ko": {
        "like": "닮음",
        "kind": "무엇으로",
        "row": "행",
        "column": "열",
        "loudest": "답",
    },
    "en": {
        "like": "alike",
        "kind": "with",
        "row": "row",
        "column": "column",
        "loudest": "answer",
    },
}
ALTS = {"ko": "사진", "en": "a photo"}


def build(weights, grid=(2, 3), query=4, words=WORDS):
    image = torch.rand(3, 32, 48)
    return explorer_html("fig-ask", image, {"like": weights}, grid, query, words, ALTS)


@pytest.fixture(autouse=True)
def no_language(monkeypatch):
    monkeypatch.delenv("VISLEARN_LANG", raising=False)


def read_data(markup):
    return json.loads(re.search(r"var data = (\{.*?\});", markup).group(1))


def test_the_loudest_key_of_each_query_survives_the_encoding():
    weights = torch.rand(6, 6, generator=torch.Generator().manual_seed(0)).softmax(-1)
    data = read_data(build(weights))
    stored = torch.tensor(list(base64.b64decode(data["maps"]["like"]))).reshape(6, 6)
    assert stored.argmax(-1).tolist() == weights.argmax(-1).tolist()
    top = weights.max(-1, keepdim=True).values
    assert torch.allclose(stored / 255, weights / top, atol=0.5 / 255 + 1e-6)
    assert data["most"]["like"] == pytest.approx(top.flatten().tolist(), abs=6e-4)
    assert data["grid"] == [2, 3]


def test_the_sliders_start_at_the_query():
    markup = build(torch.eye(6))
    rows = re.search(r'class="vl-row" type="range" min="0" max="1" value="1"', markup)
    columns = re.search(
        r'class="vl-column" type="range" min="0" max="2" value="1"', markup
    )
    assert rows
    assert columns


def test_a_page_of_one_language_carries_only_that_language(monkeypatch):
    assert "닮음" in build(torch.eye(6))
    assert "alike" in build(torch.eye(6))
    monkeypatch.setenv("VISLEARN_LANG", "en")
    assert "닮음" not in build(torch.eye(6))
    assert "alike" in build(torch.eye(6))


def test_nothing_is_fetched_from_outside():
    assert not re.search(r"https?://|//cdn|import\(", build(torch.eye(6)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": torch.eye(5)}, r"shape \(5, 5\), expected \(6, 6\)"),
        ({"weights": -torch.eye(6)}, "at least 0"),
        ({"weights": torch.full((6, 6), float("nan"))}, "finite"),
        ({"weights": torch.eye(6), "query": 6}, "query=6: expected 0 to 5"),
        (
            {"weights": torch.eye(6), "words": {**WORDS, "ko": {"like": "닮음"}}},
            "ko lacks",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        build(**change)
