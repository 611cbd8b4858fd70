"""One cell, two languages, one output."""

import base64
import io
import re
import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from vislearn.show import figure
from vislearn.show.look import FONT_FILE, style
from vislearn.show.publish import MAX_BYTES, label, label_html, render_png

ALTS = {"ko": "파란 선", "en": "A blue line"}
NO_CAPTIONS = {"ko": "", "en": ""}
WORDS = {"ko": {"title": "손실"}, "en": {"title": "loss"}}


def draw_line(words) -> Figure:
    drawn = figure()
    axes = drawn.subplots()
    axes.plot([0, 1], [0, -1])
    axes.set_title(words.get("title", ""))
    return drawn


@pytest.fixture(autouse=True)
def _both_languages(monkeypatch):
    monkeypatch.delenv("VISLEARN_LANG", raising=False)


def pictures(markup: str) -> list[bytes]:
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', markup)
    return [base64.b64decode(text) for text in found]


def test_both_languages_are_drawn_into_one_figure_element():
    markup = label_html("fig-loss", draw_line, WORDS, ALTS, NO_CAPTIONS)
    assert markup.startswith('<figure class="vl-figure" id="fig-loss"')
    assert 'class="vl-lang-ko" lang="ko" alt="파란 선"' in markup
    assert 'class="vl-lang-en" lang="en" alt="A blue line"' in markup
    korean, english = pictures(markup)
    assert korean != english
    assert Image.open(io.BytesIO(korean)).format == "PNG"


@pytest.mark.parametrize(("language", "other"), [("ko", "en"), ("en", "ko")])
def test_vislearn_lang_keeps_one_language(monkeypatch, language, other):
    monkeypatch.setenv("VISLEARN_LANG", language)
    captions = {"ko": "그림", "en": "Picture"}
    markup = label_html("fig-loss", draw_line, WORDS, ALTS, captions)
    assert f"vl-lang-{language}" in markup
    assert f"vl-lang-{other}" not in markup
    assert len(pictures(markup)) == 1


def test_drawing_twice_gives_the_same_bytes():
    assert render_png(draw_line, WORDS["ko"]) == render_png(draw_line, WORDS["ko"])


def test_captions_and_alternative_texts_are_escaped():
    alts = {"ko": 'a "b"', "en": "x < y"}
    captions = {"ko": "<b>", "en": "a & b"}
    markup = label_html("fig-x", draw_line, {"ko": {}, "en": {}}, alts, captions)
    assert 'alt="a &quot;b&quot;"' in markup
    assert 'alt="x &lt; y"' in markup
    assert ">&lt;b&gt;</figcaption>" in markup
    assert ">a &amp; b</figcaption>" in markup


def test_label_publishes_html_and_plain_text_and_returns_nothing(monkeypatch):
    published = []
    monkeypatch.setattr("IPython.display.publish_display_data", published.append)
    assert label("fig-x", draw_line, alt_ko="선", alt_en="line") is None
    (data,) = published
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"] == "[fig-x] line"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Fig 1"}, "'Fig 1'"),
        ({"words": {"ko": {"a": "1"}, "en": {"b": "2"}}}, r"\['a', 'b'\]"),
        ({"alts": {"ko": " ", "en": "x"}}, "alt_ko is empty"),
        ({"captions": {"ko": "x", "en": ""}}, "both captions or neither"),
        ({"draw": lambda words: None}, "NoneType, expected a Figure"),
    ],
)
def test_mistakes_are_named(change, message):
    given = {
        "name": "fig-x",
        "draw": draw_line,
        "words": WORDS,
        "alts": ALTS,
        "captions": NO_CAPTIONS,
    }
    with pytest.raises(ValueError, match=message):
        label_html(**{**given, **change})


def test_an_unknown_language_is_refused(monkeypatch):
    monkeypatch.setenv("VISLEARN_LANG", "fr")
    with pytest.raises(ValueError, match="VISLEARN_LANG='fr'"):
        label_html("fig-x", draw_line, WORDS, ALTS, NO_CAPTIONS)


def test_even_a_picture_of_noise_stays_small():
    noise = np.random.default_rng(0).random((400, 400, 3))

    def draw_noise(words) -> Figure:
        drawn = figure(4.8, 2.4)
        drawn.subplots().imshow(noise)
        return drawn

    assert len(render_png(draw_noise, {})) <= MAX_BYTES


def test_korean_mathematics_and_minus_signs_have_all_their_glyphs():
    def draw_signs(words) -> Figure:
        drawn = figure()
        axes = drawn.subplots()
        axes.semilogy([-2, 0, 2], [1e-10, 1e-3, 1], label="학습률 −1.5")
        axes.set_title(r"주의 가중치 $\mathrm{softmax}(QK^\top/\sqrt{d})$, 각도 ±18°")
        axes.set_xlabel("토큰 → 값, α β × ≤ … 가나다라 뷁")
        axes.legend()
        return drawn

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of every missing glyph
        render_png(draw_signs, {})


def test_the_glyph_test_can_fail():
    def draw_missing(words) -> Figure:
        drawn = figure()
        drawn.subplots().set_title("\U000f1234")
        return drawn

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="missing from font"):
            render_png(draw_missing, {})


def test_the_font_comes_with_its_licence():
    licence = FONT_FILE.with_name("Pretendard-LICENSE.txt").read_text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert FONT_FILE.read_bytes()[:4] == b"OTTO"


def test_the_style_does_not_leak_into_the_callers_figures():
    from matplotlib import rcParams

    before = dict(rcParams)
    with style():
        assert rcParams["font.family"] == ["Pretendard", "DejaVu Sans"]
    assert dict(rcParams) == before
