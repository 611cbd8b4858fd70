"""Which answers look alike, so that a person can look at them. Nothing is deducted.

Answers are compared question by question, between submissions and with the public
solution and its alternatives. What everybody was given (set-up, stub, visible checks)
is left out, and between submissions also what much of the class shares: it cannot say
who had it from whom. An answer with fewer than `least` fingerprints of its own is
compared with nobody: a softmax in two lines can be written in one way only, and two
people who both find it have copied nothing.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from vislearn.grading.lab import Lab, Question
from vislearn.grading.pages.similarity_code import Code, read_code
from vislearn.grading.pages.similarity_tidy import tidy
from vislearn.grading.submission import Submission

SOLUTION = "solution"  # names the public solution among the sources


@dataclass(frozen=True)
class Settings:
    """What counts as alike; the figures behind the values are in tests/grading/pages.

    Fingerprints that more learners than `common_count` and than the share
    `common_share` of all have are taken for common knowledge.
    """

    least: int = 60  # own fingerprints of an answer that is compared at all
    alike: float = 0.6  # share of the own fingerprints found in the other answer
    common_count: int = 10
    common_share: float = 0.3


@dataclass(frozen=True)
class Side:
    """One of two answers: the share of its own code that the other holds, and where.

    `lines` are the (first, last) lines, from 1, of the answer's cells put together.
    """

    share: float
    own: int
    lines: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Match:
    """Two answers to one question that look alike.

    `score` is the larger share of the two sides, so that padding a copy hides nothing.
    """

    question: str
    score: float
    jaccard: float
    shared: int
    first: Side
    second: Side


@dataclass(frozen=True)
class Pair:
    """Two submissions (their keys) of different learners, with the alike answers.

    `public` says that in each of them both learners look like the same public answer,
    so that neither need have it from the other.
    """

    first: str
    second: str
    matches: tuple[Match, ...]
    public: bool

    @property
    def score(self) -> float:
        return max(match.score for match in self.matches)

    @property
    def shared(self) -> int:
        return sum(match.shared for match in self.matches)


@dataclass(frozen=True)
class PublicMatch:
    """An answer that looks like the public solution (or a named alternative)."""

    key: str
    source: str
    match: Match


@dataclass(frozen=True)
class Similarity:
    """What `compare` found; pairs with the most shared code first.

    `codes` holds the answers of all matches, by submission (or source) and question;
    `short` counts the answers to each question that were too short to compare, and
    `same_file` lists submissions of different learners that are the same file.
    """

    pairs: tuple[Pair, ...]
    public: tuple[PublicMatch, ...]
    same_file: tuple[tuple[str, ...], ...]
    students: Mapping[str, str]
    codes: Mapping[tuple[str, str], str]
    short: Mapping[str, int]
    compared: Mapping[str, int]
    settings: Settings


@dataclass(frozen=True)
class _Answers:
    """All answers to one question, read in one way.

    `broken` are the submissions that Python cannot parse. They take no part when code
    is read by its syntax; when it is read word by word, one of two must be broken.
    """

    question: str
    codes: Mapping[str, Code]  # by submission
    sources: Mapping[str, Code]  # the public answers
    given: frozenset[int]
    broken: frozenset[str]
    words: bool
    _lines: dict[tuple[str, frozenset[int]], tuple[tuple[int, int], ...]] = field(
        default_factory=dict
    )

    def own(self) -> dict[str, frozenset[int]]:
        """The fingerprints of every answer that were not given."""
        return {key: frozenset(c.runs) - self.given for key, c in self.codes.items()}

    def lines(self, name: str, shared: frozenset[int]) -> tuple[tuple[int, int], ...]:
        """Where an answer holds fingerprints; a copied one is asked often."""
        if (name, shared) not in self._lines:
            code = self.codes[name] if name in self.codes else self.sources[name]
            self._lines[name, shared] = code.ranges(shared)
        return self._lines[name, shared]

    def belong(self, *keys: str) -> bool:
        """Whether answers are to be compared in this way."""
        return any(key in self.broken for key in keys) == self.words


def compare(
    lab: Lab, submissions: Sequence[Submission], settings: Settings | None = None
) -> Similarity:
    """Compare all readable submissions of a lab; the same input gives the same result.

    Raises:
        ValueError: if a setting is out of range.
    """
    chosen = settings or Settings()
    if not (0 < chosen.alike <= 1 and chosen.least > 0):
        raise ValueError(
            f"alike is {chosen.alike!r} and least is {chosen.least!r}, "
            "expected 0 < alike <= 1 and least > 0"
        )
    readable = sorted(
        (s for s in submissions if s.state == "readable"), key=lambda s: s.key
    )
    students = {s.key: s.student for s in readable}
    ways = [way for q in lab.questions.values() for way in _ways(lab, q, readable)]
    public = [found for answers in ways for found in _public(answers, chosen)]
    alike: dict[tuple[str, str], list[Match]] = defaultdict(list)
    for answers in ways:
        for keys, match in _between(answers, students, chosen):
            alike[keys].append(match)
    known = {(found.key, found.match.question): found.source for found in public}
    pairs = [
        Pair(*keys, tuple(matches), _is_public(keys, matches, known))
        for keys, matches in alike.items()
    ]
    pairs.sort(key=lambda p: (p.public, -p.shared, -p.score, p.first, p.second))
    public.sort(key=lambda p: (-p.match.score, p.key, p.match.question))
    sizes = {
        way.question: [len(own) for own in way.own().values()]
        for way in ways
        if not way.words
    }
    least = chosen.least
    return Similarity(
        pairs=tuple(pairs),
        public=tuple(public),
        same_file=_same_file(lab, readable),
        students=students,
        codes=_codes(ways, pairs, public),
        short={q: sum(0 < n < least for n in own) for q, own in sizes.items()},
        compared={q: sum(n >= least for n in own) for q, own in sizes.items()},
        settings=chosen,
    )


def _ways(
    lab: Lab, question: Question, submissions: Sequence[Submission]
) -> list[_Answers]:
    """The answers by their syntax and, if one does not parse, also word by word."""
    names = _given_names(lab)
    texts = {s.key: s.answers.get(question.id, ()) for s in submissions}
    public = {SOLUTION: question.solution} | {
        variant.name: (_without_header(variant.source),)
        for variant in lab.alternatives
        if variant.question == question.id
    }
    ours = (lab.setup, question.stub, question.visible, question.public_probes)
    broken: frozenset[str] = frozenset()
    found: list[_Answers] = []
    for words in (False, True):
        if words and not broken:
            break
        codes = {key: read_code(t, names, words=words) for key, t in texts.items()}
        sources = {key: read_code(t, names, words=words) for key, t in public.items()}
        given = {n for cells in ours for n in read_code(cells, names, words=words).runs}
        broken = broken or frozenset(k for k, code in codes.items() if not code.parsed)
        found.append(
            _Answers(question.id, codes, sources, frozenset(given), broken, words)
        )
    return found


def _given_names(lab: Lab) -> dict[str, str]:
    """What set-up and stubs define or import, and what it stands for everywhere."""
    cells = [*lab.setup, *(cell for q in lab.questions.values() for cell in q.stub)]
    found: dict[str, str] = {}
    for cell in cells:
        try:
            tree, aliases = tidy(ast.parse(cell))
        except SyntaxError:  # a stub may be a sketch
            continue
        found |= aliases
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found[node.name] = node.name
            elif isinstance(node, ast.Assign):
                names = [t.id for t in node.targets if isinstance(t, ast.Name)]
                found |= dict(zip(names, names, strict=True))
    return found


def _without_header(source: str) -> str:
    """A variant's file without the docstring that describes it."""
    tree = ast.parse(source)
    if ast.get_docstring(tree) is None:
        return source
    lines = source.splitlines(keepends=True)
    return "".join(lines[tree.body[0].end_lineno or 0 :])


def _public(answers: _Answers, settings: Settings) -> Iterable[PublicMatch]:
    """Every answer's best match among the public ones."""
    sources = {
        name: frozenset(code.runs) - answers.given
        for name, code in answers.sources.items()
    }
    for key, own in answers.own().items():
        if not answers.belong(key):
            continue
        found = [
            (match, name)
            for name, theirs in sources.items()
            if (match := _match(answers, (key, own), (name, theirs), settings))
        ]
        if found:
            match, name = max(found, key=lambda pair: (pair[0].score, pair[0].jaccard))
            yield PublicMatch(key, name, match)


def _between(
    answers: _Answers, students: Mapping[str, str], settings: Settings
) -> Iterable[tuple[tuple[str, str], Match]]:
    """The alike answers of different learners, found through what they share."""
    own = answers.own()
    owners: dict[int, list[str]] = defaultdict(list)
    for key in sorted(own):
        for fingerprint in own[key]:
            owners[fingerprint].append(key)
    size = len({students[key] for key, prints in own.items() if prints})
    limit = max(settings.common_count, settings.common_share * size)
    common = {n for n, keys in owners.items() if _learners(keys, students) > limit}
    own = {key: prints - common for key, prints in own.items()}
    groups = Counter(
        tuple(keys) for n, keys in owners.items() if n not in common and len(keys) > 1
    )
    shared: Counter[tuple[str, str]] = Counter()
    for keys, count in groups.items():
        for pair in combinations(keys, 2):
            shared[pair] += count
    for first, second in sorted(shared):
        enough = shared[first, second] >= settings.alike * settings.least
        if enough and students[first] != students[second]:
            sides = ((first, own[first]), (second, own[second]))
            match = _match(answers, *sides, settings)
            if match and answers.belong(first, second):
                yield (first, second), match


def _learners(keys: Sequence[str], students: Mapping[str, str]) -> int:
    return len({students[key] for key in keys})


def _match(
    answers: _Answers,
    first: tuple[str, frozenset[int]],
    second: tuple[str, frozenset[int]],
    settings: Settings,
) -> Match | None:
    """How alike two answers are, or None if that is not enough to show."""
    if min(len(first[1]), len(second[1])) < settings.least:
        return None
    shared = first[1] & second[1]
    shares = [len(shared) / len(own) for _, own in (first, second)]
    if max(shares) < settings.alike:
        return None
    sides = [
        Side(share, len(own), answers.lines(name, shared))
        for share, (name, own) in zip(shares, (first, second), strict=True)
    ]
    jaccard = len(shared) / len(first[1] | second[1])
    return Match(answers.question, max(shares), jaccard, len(shared), *sides)


def _is_public(
    keys: tuple[str, str],
    matches: Sequence[Match],
    known: Mapping[tuple[str, str], str],
) -> bool:
    """Whether both learners look like the same public answers throughout."""
    return all(
        (keys[0], match.question) in known
        and known.get((keys[0], match.question)) == known.get((keys[1], match.question))
        for match in matches
    )


def _same_file(
    lab: Lab, submissions: Sequence[Submission]
) -> tuple[tuple[str, ...], ...]:
    """Submissions of different learners that are one file with an answer in it."""
    files: dict[str, list[Submission]] = defaultdict(list)
    stubs = {name: question.stub for name, question in lab.questions.items()}
    for submission in submissions:
        written = any(
            any(cell.strip() for cell in cells) and cells != stubs.get(name)
            for name, cells in submission.answers.items()
        )
        if written:
            files[submission.sha].append(submission)
    return tuple(
        tuple(submission.key for submission in same)
        for same in files.values()
        if len({submission.student for submission in same}) > 1
    )


def _codes(
    ways: Iterable[_Answers], pairs: Iterable[Pair], public: Iterable[PublicMatch]
) -> dict[tuple[str, str], str]:
    """The answers that a report has to show."""
    texts: dict[tuple[str, str], str] = {}
    for way in ways:
        for name, code in (*way.codes.items(), *way.sources.items()):
            texts[name, way.question] = code.text
    wanted = {
        (name, match.question)
        for pair in pairs
        for match in pair.matches
        for name in (pair.first, pair.second)
    } | {
        (name, found.match.question)
        for found in public
        for name in (found.key, found.source)
    }
    return {place: texts[place] for place in sorted(wanted)}
