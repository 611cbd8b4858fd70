"""CLIP's tokenizer: ids that are published, and what happens to a text on the way."""

from __future__ import annotations

import unicodedata

import pytest
import torch

from vislearn.tokenizers import BPE, CLIPTokenizer
from vislearn.tokenizers.clip import byte_letters, spell, words
from vislearn.tokenizers.clip_cleaning import clean, tidy

CLIP = CLIPTokenizer()


def test_the_ids_that_openai_printed() -> None:
    # The printed example of `clip.tokenize("a diagram")` and of "a dog".
    assert CLIP("a diagram")[0, :5].tolist() == [49406, 320, 22697, 49407, 0]
    assert CLIP.encode("a dog") == [320, 1929]


def test_the_vocabulary_has_49408_tokens_and_ends_with_the_end_token() -> None:
    assert CLIP.vocab_size == 49_408
    assert (CLIP.start, CLIP.end) == (49_406, 49_407)


def test_a_batch_is_read_at_its_largest_id() -> None:
    ids = CLIP(["a cat", "", "a large red star"])
    assert ids.shape == (3, 77)
    assert ids.dtype == torch.int64
    assert ids.argmax(dim=1).tolist() == [3, 1, 5]


def test_an_exclamation_mark_has_the_id_of_the_padding() -> None:
    # Only for a "!" inside a word of signs; "!" alone is 256, with the mark of the end.
    assert CLIP.encode("!") == [256]
    assert 0 in CLIP.encode("!☆")
    row = CLIP("a !☆")[0]
    assert CLIP.decode(row) == "a !☆"


def test_spelling_is_lost_and_words_come_back() -> None:
    assert CLIP.decode(CLIP.encode("  Don't \n PANIC!")) == "don 't panic !"
    assert CLIP.decode(CLIP("작은 빨간 원")[0]) == "작은 빨간 원"


def test_bytes_of_the_tokens_are_the_words_with_spaces_behind_them() -> None:
    ids = CLIP.encode("red 별 7")
    joined = b"".join(CLIP.token_bytes(token) for token in ids)
    assert joined.decode() == "red 별 7 "
    assert CLIP.token_bytes(CLIP.end) == b""


def test_korean_is_spelled_in_parts_of_syllables() -> None:
    assert len(CLIP.encode("a small red circle")) == 4
    assert len(CLIP.encode("작은 빨간 원")) == 9  # 5 syllables, 15 bytes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it's 2026", ["it", "'s", "2", "0", "2", "6"]),
        ("x2y", ["x", "2", "y"]),
        ("½ⅷ²", ["½", "ⅷ", "²"]),
        ("一二", ["一二"]),  # letters, although they mean numbers
        ("snake_case!?", ["snake", "_", "case", "!?"]),
        ("e\u0301 \u0345", ["e", "\u0301"]),
        ("<end_of_text>!<end_of_text>", ["<end_of_text>", "!<", "end", "_", "of", "_",
                                         "text", ">"]),
    ],
)  # fmt: skip
def test_words_digits_and_signs(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_letters_and_numbers_are_what_python_says_they_are() -> None:
    # `words` tells \p{L} from \p{N} by str.isalpha; true for every character there is.
    for code in range(0x110000):
        kind = unicodedata.category(chr(code))[0]
        assert chr(code).isalpha() == (kind == "L")
        assert chr(code).isalnum() == (kind in "LN")


def test_the_last_byte_of_a_word_is_marked() -> None:
    assert spell("!") == [256]
    assert spell("!!") == [0, 256]
    letters = byte_letters().values()
    assert len(set(letters)) == 256
    assert not any(letter.isspace() for letter in letters)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  A\t cat\n", "a cat"),
        ("cats &amp;amp; dogs", "cats & dogs"),
        ("don’t “stop”", 'don\'t "stop"'),
        ("ﬁne ＬＯＵＤ　ﾀ", "fine loud タ"),
        (unicodedata.normalize("NFD", "한글"), "한글"),
        ("a\x00\ufeffb\x1b[31mc", "abc"),
        ("\ud83d\ude00 \ud83d", "😀 \ufffd"),
        ("it\x92s", "it's"),
        ("&copy &#9733; &#x2605;", "© ★ ★"),
    ],
)
def test_a_text_is_cleaned_before_it_is_read(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_entities_beside_tags_are_left_to_the_second_step() -> None:
    assert tidy("&lt;\n<b>&lt;") == "<\n<b>&lt;"
    assert clean("&lt;\n<b>&lt;") == "< <b><"


def test_a_given_repair_takes_the_place_of_ours() -> None:
    loud = CLIPTokenizer(repair=lambda text: text + " star")
    assert loud.encode("red") == CLIP.encode("red star")


def test_half_of_a_surrogate_pair_that_a_repair_leaves_is_named() -> None:
    with pytest.raises(ValueError, match=r"'\\ud83d' in .* is half of a surrogate"):
        CLIPTokenizer(repair=str).encode("a \ud83d")


def test_the_name_of_the_end_token_ends_a_text_early() -> None:
    row = CLIP("red <end_of_text> star")[0]
    assert row.argmax() == 2
    assert CLIP.decode(row) == "red"


def test_a_long_text_is_refused_or_cut() -> None:
    text = "star " * 100
    with pytest.raises(ValueError, match=r"text 0 has 102 tokens .*context of 77"):
        CLIP(text)
    row = CLIP(text, too_long="cut")[0]
    assert row.shape == (77,)
    assert row[-1] == CLIP.end
    assert CLIP(text, context=102)[0, -1] == CLIP.end


@pytest.mark.parametrize("token", [-1, 49_408])
def test_an_id_outside_of_the_vocabulary_is_refused(token: int) -> None:
    with pytest.raises(ValueError, match=f"token id {token}: expected 0 … 49407"):
        CLIP.decode([token])


@pytest.mark.parametrize("text", [None, 3, b"a"])
def test_what_is_no_text_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a text, got"):
        CLIP.encode(text)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected a text, got"):
        CLIP(["a", text])  # type: ignore[list-item]


def test_a_batch_is_not_decoded_as_one_text() -> None:
    batch = CLIP(["red star", "cat"])
    assert [CLIP.decode(row) for row in batch] == ["red star", "cat"]
    for wrong in (batch, batch[:1], batch.tolist(), 3):
        with pytest.raises(ValueError, match=r"ids of one text, .*got"):
            CLIP.decode(wrong)  # type: ignore[arg-type]


def test_both_tokenizers_answer_to_the_same_calls() -> None:
    for name in ("encode", "decode", "token_bytes", "start", "end", "vocab_size"):
        assert hasattr(CLIP, name)
        assert hasattr(BPE([]), name)
