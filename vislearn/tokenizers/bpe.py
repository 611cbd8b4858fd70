"""Byte-pair encoding: frequent neighbours become one token.

Papers: Sennrich et al., arXiv:1508.07909, section 3.2 (the algorithm); GPT-2, Radford
et al. 2019, section 2.2 (on bytes, so that no text is unknown).
Kept: merges learned from counted words, applied in the order of learning.
Simplified: the pattern that splits a text into words uses Python's `re` alone.
Tested against: `tokenizers` and `tiktoken` with our merges (tests/parity). Which of two
equally frequent pairs is merged first differs between libraries, so merges that two
libraries learn are not comparable; what they do with the same merges is.

The ids of a vocabulary:

    0          padding, never text
    1 … 256    the bytes 0 … 255
    257 …      one for each merge, in the order of learning
    then       the special tokens; the last of them ends a text and is the largest id
"""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from torch import Tensor

from vislearn.tokenizers.batch import as_texts, check_text, to_batch, token_ids

Pair = tuple[int, int]

FIRST_BYTE = 1
FIRST_MERGE = FIRST_BYTE + 256
SPECIAL = ("<start>", "<end>")
FORMAT = "vislearn.bpe/1"

# What may become one token: merges never cross these pieces, and the pieces together
# are the text. A word takes the space before it along, as in GPT-2. Hangul syllables
# are letters like any other, so a Korean word keeps its particle ( 별이) and merges
# find out that 이 is frequent.
PATTERN = (
    r"'(?:s|t|re|ve|m|ll|d)\b"  # English: it's, don't, we're
    r"| ?[^\W\d_]+"  # letters
    r"| ?\d{1,3}"  # digits, three at a time
    r"| ?(?:[^\s\w]|_)+"  # everything that is neither letter, digit nor space
    r"|\s+(?!\S)|\s+"  # spaces; the last one is left to the word that follows
)
_MOST_CACHED = 50_000  # words


class BPE:
    """A tokenizer that can write every text, and read back exactly what it wrote.

        bpe = BPE.train(texts, vocab_size=2000)
        ids = bpe.encode("빨간 별 🌟")
        bpe.decode(ids)  # "빨간 별 🌟"
        bpe(["빨간 별", "a red star"], context=16)  # (2, 16): start, ids, end, zeros

    Names of special tokens inside a text are ordinary text: only `__call__` adds them.

    Args:
        merges: pairs of ids in the order of learning; merge i makes the id 257 + i.
        special: names of the special tokens, the first starts a text, the last ends it.
        pattern: splits a text into pieces that merges do not cross; for `re`.

    Raises:
        ValueError: if a merge names an id that does not exist yet, the special tokens
            are fewer than two or not different, or `re` cannot read the pattern.
    """

    def __init__(
        self,
        merges: Sequence[Pair],
        special: Sequence[str] = SPECIAL,
        pattern: str = PATTERN,
    ) -> None:
        if len(special) < 2 or len(set(special)) < len(special) or "" in special:
            raise ValueError(
                f"expected at least two different special tokens, got {special!r}"
            )
        self.merges = [(int(left), int(right)) for left, right in merges]
        self.pattern = pattern
        self._split = compiled(pattern)
        self._bytes = [b"", *(bytes([byte]) for byte in range(256))]  # of each id
        for left, right in self.merges:
            known = range(FIRST_BYTE, len(self._bytes))
            if left not in known or right not in known:
                raise ValueError(
                    f"merge {len(self._bytes) - FIRST_MERGE} joins {left} and {right}, "
                    f"but only the ids 1 … {len(self._bytes) - 1} exist by then"
                )
            self._bytes.append(self._bytes[left] + self._bytes[right])
        first = len(self._bytes)
        self.special = {name: first + place for place, name in enumerate(special)}
        self._bytes += [b""] * len(special)
        self._merged = {
            pair: FIRST_MERGE + place for place, pair in enumerate(self.merges)
        }
        self._cache: dict[str, list[int]] = {}

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special: Sequence[str] = SPECIAL,
        pattern: str = PATTERN,
        min_count: int = 2,
    ) -> BPE:
        """Learn the merges of a vocabulary (arXiv:1508.07909, Algorithm 1).

        The same texts give the same merges, in whatever order they come: of equally
        frequent pairs the one with the smaller ids is merged first.

        Args:
            texts: what the tokenizer should be good at.
            vocab_size: ids in total, with padding, bytes and special tokens. Fewer
                come out if no pair is left that occurs `min_count` times.
            special, pattern: see the class.
            min_count: pairs that are rarer are not merged.

        Raises:
            ValueError: if there are no texts, or the size leaves no room for the bytes.
        """
        least = FIRST_MERGE + len(special)
        if vocab_size < least:
            raise ValueError(
                f"vocab_size must be at least {least} (padding, 256 bytes, "
                f"{len(special)} special tokens), got {vocab_size}"
            )
        split = compiled(pattern)
        words: Counter[bytes] = Counter()
        for text in as_texts(texts):
            words.update(utf8(piece) for piece in pieces(split, text))
        if not words:
            raise ValueError("there is no text to learn from")
        merges = learn_merges(words, vocab_size - least, min_count)
        return cls(merges, special, pattern)

    @property
    def vocab_size(self) -> int:
        """Number of ids, with padding and special tokens."""
        return len(self._bytes)

    @property
    def start(self) -> int:
        """Id of the token that starts a text."""
        return next(iter(self.special.values()))

    @property
    def end(self) -> int:
        """Id of the token that ends a text: the largest of all."""
        return self.vocab_size - 1

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without start and end.

        Raises:
            ValueError: if it is not a str, or holds half of a surrogate pair.
        """
        check_text(text)
        ids: list[int] = []
        for piece in pieces(self._split, text):
            known = self._cache.get(piece)
            if known is None:
                known = [FIRST_BYTE + byte for byte in utf8(piece)]
                known = apply_merges(known, self._merged)
                if len(self._cache) < _MOST_CACHED:
                    self._cache[piece] = known
            ids += known
        return ids

    def decode(self, ids: Iterable[int] | Tensor) -> str:
        """The text of some ids; padding and special tokens are not text.

        Ids that a model made up may end in the middle of a character: such bytes
        become U+FFFD.

        Raises:
            ValueError: for an id that the vocabulary does not have, or several texts.
        """
        joined = b"".join(self.token_bytes(token) for token in token_ids(ids))
        return joined.decode(errors="replace")

    def token_bytes(self, token: int) -> bytes:
        """What one id stands for; nothing for padding and special tokens.

        Raises:
            ValueError: for an id that the vocabulary does not have.
        """
        if not 0 <= token < self.vocab_size:
            raise ValueError(f"token id {token}: expected 0 … {self.vocab_size - 1}")
        return self._bytes[token]

    def __call__(
        self, texts: str | Iterable[str], context: int = 77, too_long: str = "error"
    ) -> Tensor:
        """Encode texts for a text tower: see `vislearn.tokenizers.batch.to_batch`.

        Shapes:
            B texts -> (B, L), int64, L being the context

        Raises:
            ValueError: as `encode` and `to_batch`, so also for a text that is too long.
        """
        rows = [self.encode(text) for text in as_texts(texts)]
        return to_batch(rows, self.start, self.end, context, too_long)

    def save(self, path: str | Path) -> None:
        """Write a JSON file that `load` reads."""
        content = {
            "format": FORMAT,
            "pattern": self.pattern,
            "special": list(self.special),
            "merges": self.merges,
        }
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> BPE:
        """Read what `save` wrote.

        Raises:
            ValueError: if the file is something else.
        """
        try:
            content: Any = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError:  # not JSON, or not even text
            content = None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"{path} is not a vocabulary of the format {FORMAT}")
        try:
            return cls(content["merges"], content["special"], content["pattern"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is a broken vocabulary: {error!r}") from error


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern that splits texts.

    Raises:
        ValueError: if `re` does not understand it.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"pattern {pattern!r}: {error}") from None


def pieces(split: re.Pattern[str], text: str) -> list[str]:
    """Cut a text where the pattern says.

    Raises:
        ValueError: if the pattern leaves something of the text out.
    """
    found = [match.group() for match in split.finditer(text)]
    if sum(map(len, found)) != len(text):
        raise ValueError(f"pattern {split.pattern!r} drops a part of {text!r}")
    return found


def utf8(text: str) -> bytes:
    """The bytes of a text.

    Raises:
        ValueError: if it holds half of a surrogate pair, which has no bytes.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{text[error.start]!r} in {text!r} is half of a surrogate pair, which "
            "UTF-8 cannot write"
        ) from None


def apply_merges(ids: list[int], merged: Mapping[Pair, int]) -> list[int]:
    """Merge the earliest-learned pair that is there, until there is none.

    Args:
        ids: of the bytes of one piece.
        merged: pair -> its id; ids grow in the order of learning.
    """
    while len(ids) > 1:
        new = min(merged.get(pair, _NEVER) for pair in pairwise(ids))
        if new == _NEVER:
            break
        pair = next(pair for pair in pairwise(ids) if merged.get(pair) == new)
        ids = merge_pair(ids, pair, new)
    return ids


_NEVER = 1 << 60  # larger than any id


def merge_pair(ids: list[int], pair: Pair, new: int) -> list[int]:
    """Replace each occurrence of a pair, from left to right, by one id."""
    after, place = [], 0
    while place < len(ids):
        if ids[place] == pair[0] and tuple(ids[place : place + 2]) == pair:
            after.append(new)
            place += 2
        else:
            after.append(ids[place])
            place += 1
    return after


def learn_merges(words: Mapping[bytes, int], most: int, min_count: int) -> list[Pair]:
    """Merge the most frequent pair of neighbours, again and again.

    Only the words that hold the merged pair are counted anew. Pairs wait in a heap; an
    entry whose number is out of date is dropped when it comes up.

    Args:
        words: the bytes of each piece -> how often it occurs.
        most: number of merges, if there are so many.
        min_count: pairs that are rarer are not merged.
    """
    spelled = [[FIRST_BYTE + byte for byte in word] for word in words]
    times = list(words.values())
    count: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)  # pair -> words that hold it
    for word, ids in enumerate(spelled):
        for pair in pairwise(ids):
            count[pair] += times[word]
            places[pair].add(word)
    heap = [(-number, pair) for pair, number in count.items()]
    heapq.heapify(heap)
    merges: list[Pair] = []
    while heap and len(merges) < most:
        number, pair = heapq.heappop(heap)
        if -number != count[pair]:
            continue
        if -number < min_count:
            break
        changed: set[Pair] = set()
        for word in places.pop(pair):
            before = spelled[word]
            spelled[word] = merge_pair(before, pair, FIRST_MERGE + len(merges))
            for old in pairwise(before):
                count[old] -= times[word]
                changed.add(old)
            for fresh in pairwise(spelled[word]):
                count[fresh] += times[word]
                changed.add(fresh)
                places[fresh].add(word)
        merges.append(pair)
        for other in changed:
            if count[other] > 0:
                heapq.heappush(heap, (-count[other], other))
    return merges
