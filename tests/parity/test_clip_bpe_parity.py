"""CLIP's ids against open_clip and transformers; our merges against other encoders.

Ids are whole numbers, so the figure that is recorded is the share of texts whose ids
differ, and the tolerance is 0.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from vislearn.tokenizers import BPE, CLIPTokenizer
from vislearn.tokenizers.bpe import FIRST_BYTE, FIRST_MERGE, PATTERN, pieces
from vislearn.tokenizers.clip import MERGES, byte_letters
from vislearn.tokenizers.clip_cleaning import clean

Reference = Callable[[str], ModuleType]

TEXTS = [
    "",
    " ",
    "a photo of a cat",
    "There is a large red star below a small orange cross.",
    "작은 빨간 원",
    "작은 주황색 십자가 아래에 있는 큰 빨간 별",
    unicodedata.normalize("NFD", "그림에 큰 빨간 별이 있습니다."),
    "고양이 사진 😺 👩🏽‍🚀 🏳️‍🌈 🇰🇷",
    "MiXeD CaSe ÀÉÎ ẞ İstanbul",
    "cats &amp; dogs &amp;amp; &lt;b&gt; &copy; &notit; &#9733;",
    "  repeated \t\n white\u3000\u2003space  ",
    "12345 1,234.5 ½ ² Ⅷ ٣ 一二",
    "it's don't WE'RE I'll he'd I'm they've 'tis don’t",
    "snake_case, kebab-case; (signs)!? … — “quoted”",
    "<start_of_text> <|startoftext|> <END_OF_TEXT>!<end_of_text>",
    "ﬁne ＦＵＬＬ ﾊﾝｶｸ ʼn \x92 \x85",
    "e\u0301 \u0301\u0308 \u0345 \u200d \ufeff \u206a",
    "a\0b\x0bc\x1cd\x1b[31mred\x1b[0m\x7f",
    "\ud83d\ude00 \ud83d x \ude00",
    "supercalifragilisticexpialidocious" * 20,
    "word " * 200,
    "ΣΑΣ",
    "별" * 300,
]

# What the reference has as letters and Python's tables do not know yet.
KNOWN = st.characters(exclude_categories=["Cn"])
NASTY_PARTS = [
    *("'s", "'S", "'ſ", "ſ", "_", "1", "½", "Ⅷ", "一", "a", "B", "é", "e\u0301"),
    *("한", "\u1112\u1161\u11ab", "각", "🌟", "\u200d", "<", "&lt;", " ", "\n"),
    *("<start_of_text>", "\u0301", "\u0345", "!", "’", "ﬁ", "ß", "İ", "Σ", "ª"),
    *("\u3000", "Ａ", "\x1c", "&#x1f600;", "&rsquo;", "&am", "p;", "\x92"),
    *("\ud83d", "\ude00"),
]
NASTY = st.lists(st.sampled_from(NASTY_PARTS), max_size=12).map("".join)
ANY_TEXT = st.text(KNOWN) | NASTY | st.text("ab '\n한é1_!😀", max_size=40)
OFTEN = settings(
    max_examples=600, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def ours() -> CLIPTokenizer:
    return CLIPTokenizer()


@pytest.fixture
def theirs(reference: Reference) -> Any:
    return reference("open_clip").SimpleTokenizer()


def differing(texts: list[str], one: Callable, other: Callable) -> float:
    return sum(one(text) != other(text) for text in texts) / len(texts)


def test_the_merges_are_those_that_open_clip_uses(theirs: Any) -> None:
    lines = gzip.decompress(MERGES.read_bytes()).decode().splitlines()
    pairs = [tuple(line.split(" ")) for line in lines]
    assert pairs == sorted(theirs.bpe_ranks, key=theirs.bpe_ranks.__getitem__)
    assert len(pairs) == 48_894


def test_every_id_stands_for_the_same_bytes(ours: CLIPTokenizer, theirs: Any) -> None:
    assert ours.vocab_size == theirs.vocab_size
    assert (ours.start, ours.end) == (theirs.sot_token_id, theirs.eot_token_id)
    for token in range(ours.start):
        text = ours.token_bytes(token).decode(errors="replace")
        assert text == theirs.decode([token]), token


def test_ids_are_those_of_open_clip(ours, theirs, record_parity) -> None:
    share = differing(TEXTS, ours.encode, theirs.encode)
    record_parity("CLIP BPE", "open_clip", "ids", share, tolerance=0)


@pytest.mark.parametrize("context", [77, 16, 2])
def test_batches_are_those_of_open_clip(ours, theirs, context, record_parity) -> None:
    batch = ours(TEXTS, context=context, too_long="cut")
    wrong = (batch != theirs(TEXTS, context_length=context)).double().mean()
    record_parity("CLIP BPE", "open_clip", "batch", float(wrong), tolerance=0)


def test_decoding_is_that_of_open_clip(ours, theirs) -> None:
    for text in TEXTS:
        ids = [token for token in theirs.encode(text) if token < ours.start]
        assert ours.decode(ids) == theirs.decode(ids).rstrip(" ")


def test_random_texts_have_the_same_ids(reference, ours, theirs) -> None:
    """Wherever ftfy does not take the text for wrongly decoded."""
    ftfy = reference("ftfy")
    compared = 0

    @OFTEN
    @given(ANY_TEXT)
    def compare(text: str) -> None:
        nonlocal compared
        assume(of_this_python(clean(text)))
        if ftfy.fix_text(text) == ftfy.fix_text(text, fix_encoding=False):
            assert ours.encode(text) == theirs.encode(text)
            compared += 1

    compare()
    assert compared > 300


def of_this_python(text: str) -> bool:
    """Whether it has only characters that the tables of the running Python know.

    Neither the characters of a text nor its repair and its entities ("&#1368;") need
    be so old; the source asks the tables of `regex`, which are younger.
    """
    return all(unicodedata.category(character) != "Cn" for character in text)


def test_with_ftfy_every_text_has_the_same_ids(reference, theirs) -> None:
    ftfy = reference("ftfy")
    repaired = CLIPTokenizer(repair=ftfy.fix_text)
    broken = ["sÃ³", "voilÃ\xa0 le travail", "í•œêµ­ì–´", "P&EACUTE;REZ"]
    assert [repaired.encode(text) for text in broken + TEXTS] == [
        theirs.encode(text) for text in broken + TEXTS
    ]

    @OFTEN
    @given(ANY_TEXT | st.text(st.characters(min_codepoint=0x80, max_codepoint=0x17F)))
    @example(":Ő\x98")  # repaired, it holds U+0558, a letter since Unicode 18
    def compare(text: str) -> None:
        assume(of_this_python(clean(text, ftfy.fix_text)))
        assert repaired.encode(text) == theirs.encode(text)

    compare()


def test_what_is_left_out_is_what_the_header_says(reference, ours, theirs) -> None:
    assert ours.encode("sÃ³") != theirs.encode("sÃ³")
    assert ours.encode("P&EACUTE;REZ") != theirs.encode("P&EACUTE;REZ")
    # U+16D40, a letter since Unicode 16.
    if unicodedata.category("\U00016d40") == "Cn":
        assert ours.encode("a\U00016d40") != theirs.encode("a\U00016d40")


def mistakes() -> dict[str, Callable[[CLIPTokenizer], CLIPTokenizer]]:
    def change(**parts: Any) -> Callable[[CLIPTokenizer], CLIPTokenizer]:
        def apply(tokenizer: CLIPTokenizer) -> CLIPTokenizer:
            wrong = CLIPTokenizer()
            for name, part in parts.items():
                setattr(wrong, name, part(tokenizer))
            return wrong

        return apply

    return {
        "text is not repaired": change(repair=lambda _: str),
        "letters are not composed": change(
            repair=lambda _: lambda text: unicodedata.normalize("NFD", text)
        ),
        "merges in reverse": change(
            _merged=lambda t: {
                pair: 512 + place for place, pair in enumerate(reversed(t._merged))
            }
        ),
        "no merges": change(_merged=lambda _: {}),
        "special tokens are text": change(special=lambda _: {}),
    }


@pytest.mark.parametrize("name", mistakes())
def test_a_mistake_changes_ids(ours, theirs, name: str) -> None:
    wrong = mistakes()[name](ours)
    texts = [text for text in TEXTS if "\ud83d" not in text]
    assert differing(texts, wrong.encode, theirs.encode) > 0


def test_transformers_agrees_where_it_cleans_alike(
    reference, ours, theirs, record_parity
) -> None:
    """It composes and collapses white space, but resolves no entities and has no ftfy.

    It also pads with the end token, which is why only the ids of the text are compared.
    """
    transformers = reference("transformers")
    pairs = [
        tuple(line.split(" "))
        for line in gzip.decompress(MERGES.read_bytes()).decode().splitlines()
    ]
    vocabulary = dict(theirs.encoder)
    for old, new in (
        ("<start_of_text>", "<|startoftext|>"),
        ("<end_of_text>", "<|endoftext|>"),
    ):
        vocabulary[new] = vocabulary.pop(old)
    built = transformers.CLIPTokenizer(vocab=vocabulary, merges=pairs)

    def encode(text: str) -> list[int]:
        return built(text, add_special_tokens=False)["input_ids"]

    plain = [text for text in TEXTS[:9] + TEXTS[10:14] if "’" not in text]
    plain = [text for text in plain if "“" not in text]
    assert len(plain) > 8
    share = differing(plain, ours.encode, encode)
    record_parity("CLIP BPE", "transformers", "ids", share, tolerance=0)
    # Entities stay, and a capital Σ becomes σ even where Greek writes ς.
    for text in ("cats &amp; dogs", "ΣΑΣ"):
        assert encode(text) != ours.encode(text)


BILINGUAL = [
    "큰 빨간 별과 작은 주황색 십자가가 있습니다. 별 🌟",
    "The picture shows a large red star and a small orange cross. It's 2026!",
] * 2


@pytest.fixture(scope="module")
def trained() -> BPE:
    return BPE.train([*BILINGUAL, *TEXTS[:12]], vocab_size=500)


def test_tokenizers_does_the_same_with_our_merges(
    reference, trained: BPE, record_parity
) -> None:
    """Its BPE model, fed with the pieces of our pattern in visible letters."""
    models = reference("tokenizers").models
    visible = byte_letters()

    def letters(token: int) -> str:
        return "".join(visible[byte] for byte in trained.token_bytes(token))

    vocabulary = {letters(token): token for token in range(FIRST_BYTE, trained.start)}
    merges = [(letters(left), letters(right)) for left, right in trained.merges]
    model = models.BPE(vocab=vocabulary, merges=merges)

    def encode(text: str) -> list[int]:
        return [
            token.id
            for piece in pieces(re.compile(PATTERN), text)
            for token in model.tokenize("".join(visible[b] for b in piece.encode()))
        ]

    @OFTEN
    @given(st.text() | st.text("별이 있습니다aredst '!\n", max_size=60))
    def compare(text: str) -> None:
        assert encode(text) == trained.encode(text)

    compare()
    share = differing(BILINGUAL, trained.encode, encode)
    record_parity("BPE training", "tokenizers", "ids", share, tolerance=0)


def test_tiktoken_does_the_same_with_our_merges(reference, trained: BPE) -> None:
    tiktoken = reference("tiktoken")
    ranks = {
        trained.token_bytes(token): token - FIRST_BYTE
        for token in range(FIRST_BYTE, trained.start)
    }
    encoding = tiktoken.Encoding(
        "ours", pat_str=r"[\s\S]+", mergeable_ranks=ranks, special_tokens={}
    )
    split = re.compile(PATTERN)
    for text in [*BILINGUAL, *(text for text in TEXTS if text.isprintable())]:
        found = [i for piece in pieces(split, text) for i in encoding.encode(piece)]
        assert [FIRST_BYTE + token for token in found] == trained.encode(text)


def test_tokenizers_learns_the_first_merge_that_we_learn(reference) -> None:
    """Later ones may differ: equally frequent pairs are ordered by other rules."""
    package = reference("tokenizers")
    trainer = package.trainers.BpeTrainer(
        vocab_size=256 + 1 + 1,  # a space is not among the visible letters
        initial_alphabet=sorted(byte_letters().values()),
        show_progress=False,
    )
    built = package.Tokenizer(package.models.BPE())
    built.train_from_iterator(["ababab abc"], trainer)
    ours = BPE.train(["ababab abc"], vocab_size=FIRST_MERGE + 1 + 2)
    assert ours.token_bytes(FIRST_MERGE) == b"ab"
    assert "ab" in built.get_vocab()
