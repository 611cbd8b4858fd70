"""CLIP's tokenizer: 49,408 tokens learned from English text, context 77.

Paper: arXiv:2103.00020, section 2.4; source: openai/CLIP `clip/simple_tokenizer.py`.
Two things differ from `vislearn.tokenizers.bpe`: text is cleaned first
(`clip_cleaning`), so that decoding gives back the words, but not how they were written;
and a word is marked at its end ("star</w>"), not by the space before it.

Kept: the exact ids. Left out: ftfy's repair of wrongly decoded text (`clip_cleaning`);
letters that are younger than the Unicode tables of the running Python, which count as
signs.
Tested against: open_clip's SimpleTokenizer on random texts, and transformers
(tests/parity).

The ids, as they follow from the source:

    0 … 255        the bytes, those that are printable letters first: 0 is "!"
    256 … 511      the same at the end of a word
    512 … 49405    one for each merge, in the order of learning
    49406, 49407   start and end of a text

Zeros after the end token are padding, zeros before it are exclamation marks.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from torch import Tensor

from vislearn.tokenizers.batch import as_texts, check_text, to_batch, token_ids
from vislearn.tokenizers.bpe import Pair, apply_merges, utf8
from vislearn.tokenizers.clip_cleaning import clean

# The first 48,894 merges of CLIP's list: the ones that its vocabulary uses.
MERGES = Path(__file__).parent / "data" / "clip_merges.txt.gz"
CONTEXT = 77
SPECIAL = ("<start_of_text>", "<end_of_text>")
WORD_END = "</w>"

_PIECE = re.compile(
    "|".join(SPECIAL)
    + r"|'s|'t|'re|'ve|'m|'ll|'d"  # English: it's, don't, we're
    + r"|[^\W_]+"  # letters and digits, taken apart below
    # What is neither letter, digit nor space. U+0345 is lost in the source, too, whose
    # pattern finds it neither among the letters nor, for its capital Ι, among the rest.
    + r"|(?:[^\s\w\u0345]|_)+",
    re.IGNORECASE,
)
_MOST_CACHED = 50_000  # words


class CLIPTokenizer:
    """Text as OpenAI's CLIP and OpenCLIP read it.

        tokenizer = CLIPTokenizer()
        tokenizer(["a photo of a cat", "고양이 사진"])  # (2, 77): start, ids, end, 0s

    The names of the two special tokens inside a text become those tokens, as in
    open_clip: whoever writes the text can end it early.

    Args:
        repair: repairs a text before it is cleaned; `tidy` if there is none. With
            `ftfy.fix_text` the ids are open_clip's for every text.
    """

    def __init__(self, repair: Callable[[str], str] | None = None) -> None:
        self.repair = repair
        self._names, self._merged = _vocabulary()
        self.special = {name: len(self._names) + i for i, name in enumerate(SPECIAL)}
        self._cache: dict[str, list[int]] = {}

    @property
    def vocab_size(self) -> int:
        """Number of ids, with the two special tokens: 49,408."""
        return len(self._names) + len(SPECIAL)

    @property
    def start(self) -> int:
        """Id of the token that starts a text."""
        return self.special[SPECIAL[0]]

    @property
    def end(self) -> int:
        """Id of the token that ends a text: the largest of all."""
        return self.special[SPECIAL[1]]

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without start and end.

        Raises:
            ValueError: if it is not a str, or `repair` leaves half of a surrogate pair.
        """
        check_text(text)
        ids: list[int] = []
        for piece in words(clean(text, self.repair)):
            if piece in self.special:
                ids.append(self.special[piece])
                continue
            known = self._cache.get(piece)
            if known is None:
                known = apply_merges(spell(piece), self._merged)
                if len(self._cache) < _MOST_CACHED:
                    self._cache[piece] = known
            ids += known
        return ids

    def decode(self, ids: Iterable[int] | Tensor) -> str:
        """The words of some ids, up to the end token, with a space between them.

        Raises:
            ValueError: for an id that the vocabulary does not have, or several texts.
        """
        joined = b""
        for token in token_ids(ids):
            joined += self.token_bytes(token)
            if token == self.end:
                break
        return joined.decode(errors="replace").rstrip(" ")

    def token_bytes(self, token: int) -> bytes:
        """What one id stands for, with a space where a word ends; nothing for marks.

        Raises:
            ValueError: for an id that the vocabulary does not have.
        """
        if not 0 <= token < self.vocab_size:
            raise ValueError(f"token id {token}: expected 0 … {self.vocab_size - 1}")
        if token >= self.start:
            return b""
        name = self._names[token].replace(WORD_END, " ")
        return bytes(_BYTES.get(letter, ord(" ")) for letter in name)

    def __call__(
        self,
        texts: str | Iterable[str],
        context: int = CONTEXT,
        too_long: str = "error",
    ) -> Tensor:
        """Encode texts for a text tower: see `vislearn.tokenizers.batch.to_batch`.

        open_clip cuts texts that are too long without a word: `too_long="cut"`.

        Shapes:
            B texts -> (B, L), int64, L being the context

        Raises:
            ValueError: as `encode` and `to_batch`, so also for a text that is too long.
        """
        rows = [self.encode(text) for text in as_texts(texts)]
        return to_batch(rows, self.start, self.end, context, too_long)


def words(text: str) -> list[str]:
    """Cut a cleaned text into words, single digits and signs; spaces are dropped.

    `str.isalpha` is the class of letters (\\p{L}) that the source's pattern asks for,
    and what else `\\w` matches, besides the underscore, is its class of numbers.
    """
    found: list[str] = []
    for piece in _PIECE.findall(text):
        if not piece[0].isalnum():
            found.append(piece)
            continue
        for letters, run in groupby(piece, str.isalpha):
            joined = "".join(run)
            found += [joined] if letters else joined
    return found


def spell(word: str) -> list[int]:
    """The ids of the bytes of a word, the last one with the mark of the word's end."""
    ids = [_PLACES[byte] for byte in utf8(word)]
    return [*ids[:-1], ids[-1] + 256]


def byte_letters() -> dict[int, str]:
    """A visible letter for each byte, in the order of CLIP's and GPT-2's ids.

    Bytes that Latin-1 shows as a letter or sign stand for themselves; the other 68,
    among them the space and all control characters, get the letters from U+0100 on.
    """
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in visible]
    letters = {byte: chr(byte) for byte in visible}
    return letters | {byte: chr(0x100 + place) for place, byte in enumerate(hidden)}


_PLACES = {byte: place for place, byte in enumerate(byte_letters())}
_BYTES = {letter: byte for byte, letter in byte_letters().items()}


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[list[str], dict[Pair, int]]:
    """Name of each id, and pair of ids -> id of the merged token."""
    letters = list(byte_letters().values())
    names = letters + [letter + WORD_END for letter in letters]
    ids = {name: place for place, name in enumerate(names)}
    merged = {}
    for line in gzip.decompress(MERGES.read_bytes()).decode().splitlines():
        left, right = line.split(" ")
        merged[ids[left], ids[right]] = ids[left + right] = len(names)
        names.append(left + right)
    return names, merged
