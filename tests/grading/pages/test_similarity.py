"""Copies are found however they are dressed up; people who think alike are not."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import random
import re
import time
from collections.abc import Callable
from itertools import combinations, zip_longest
from pathlib import Path

import pytest

from vislearn.grading.lab import Lab, Variant
from vislearn.grading.pages.similarity import SOLUTION, Settings, Similarity, compare
from vislearn.grading.submission import Submission

OWN_WORDS = Path(__file__).parent / "own_words"  # as learners wrote them, unseen
GIVEN = {"torch", "math", "F", "NamedTuple", "Tensor", "Cost"}
Disguise = Callable[[str], str]


class Renamed(ast.NodeTransformer):
    """Every own name turned into another one."""

    def __init__(self, kept: set[str]) -> None:
        self.kept, self.names = kept | set(dir(builtins)), dict[str, str]()

    def new(self, name: str) -> str:
        if name in self.kept:
            return name
        return self.names.setdefault(name, f"mine_{len(self.names)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.new(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.new(node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.new(node.name)
        return self.generic_visit(node)


def renamed(source: str) -> str:
    tree = ast.parse(source)
    asked = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    return ast.unparse(Renamed(GIVEN | asked | {"attention", "patchify"}).visit(tree))


def reordered(source: str) -> str:
    """The last function first."""
    body = ast.parse(source).body
    order = [node for node in body if not isinstance(node, ast.FunctionDef)]
    order += [node for node in reversed(body) if node not in order]
    return "\n\n".join(ast.unparse(node) for node in order)


def reformatted(source: str) -> str:
    """Other indentation, brackets, line breaks, and not one empty line."""
    lines = [line for line in ast.unparse(ast.parse(source)).splitlines() if line]
    return "\n".join(
        re.sub(r"^( *)(\w+) = (.+)$", r"\1\2 = (\n  \3\n)", line.replace("    ", "  "))
        for line in lines
    )


def commented(source: str) -> str:
    """Other comments and docstrings, hints, and prints for debugging."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = ast.Name("object")
            node.body.insert(0, ast.parse("'''I wrote this myself.'''").body[0])
            node.body.insert(1, ast.parse("print('here', 3)").body[0])
    return "# all my own work\n" + ast.unparse(tree).replace("\n", "  # so\n")


def edited(source: str) -> str:
    """Everything above, and an unused line at the start of every function."""
    tree = ast.parse(reordered(renamed(source)))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.body.insert(0, ast.parse("result = None").body[0])
    return commented(ast.unparse(tree))


DISGUISES = (renamed, reordered, reformatted, commented, edited)


def bare(variant: Variant) -> str:
    """A variant's code without its header."""
    return ast.unparse(ast.Module(ast.parse(variant.source).body[1:], []))


def handed_in(student: str, key: str = "", **answers: str) -> Submission:
    return Submission(
        key=key or f"{student}/lab.ipynb",
        student=student,
        path=Path("lab.ipynb"),
        sha=student,
        state="readable",
        answers={question: (source,) for question, source in answers.items()},
    )


@pytest.fixture(scope="module")
def independent(lab01: Lab) -> dict[str, list[str]]:
    """Answers by question that nobody had from anybody."""
    found: dict[str, list[str]] = {question: [] for question in lab01.questions}
    for file in sorted(OWN_WORDS.glob("*.txt")):
        found[file.name[:2]].append(file.read_text("utf-8"))
    for variant in lab01.alternatives:
        found[variant.question].append(bare(variant))
    return found


def flagged(found: Similarity) -> set[tuple[str, str, str]]:
    return {(p.first, p.second, m.question) for p in found.pairs for m in p.matches}


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda d: d.__name__)
def test_disguised_copies_of_every_long_enough_answer_are_found(
    lab01: Lab, disguise: Disguise
) -> None:
    looked_at = found_again = 0
    for mutants in zip_longest(*map(lab01.mutants_of, lab01.questions)):
        answers = {m.question: bare(m) for m in mutants if m}
        copies = {question: disguise(text) for question, text in answers.items()}
        found = compare(lab01, [handed_in("a", **answers), handed_in("b", **copies)])
        looked_at += sum(count == 2 for count in found.compared.values())
        found_again += len(flagged(found))
    print(f"{disguise.__name__}: {found_again} of {looked_at} copies found")
    assert looked_at > 30
    assert found_again == looked_at


def test_answers_in_peoples_own_words_are_not_flagged(
    lab01: Lab, independent: dict[str, list[str]]
) -> None:
    """All pairs of independent answers, and each against its public counterparts."""
    pairs = 0
    for question, sources in independent.items():
        learners = [
            handed_in(f"s{n}", **{question: text}) for n, text in enumerate(sources)
        ]
        found = compare(lab01, learners)
        pairs += len(list(combinations(learners, 2)))
        assert found.pairs == ()
        own = {bare(v) for v in lab01.alternatives}
        for match in found.public:  # an alternative is itself, of course
            assert sources[int(match.key.split("/")[0][1:])] in own
    print(f"{pairs} independent pairs, none flagged")
    assert pairs > 50


def test_in_a_class_the_copies_and_nobody_else_are_flagged(
    lab01: Lab, independent: dict[str, list[str]]
) -> None:
    """Six learners with answers of their own, and six who took and edited theirs."""
    learners, copied = [], set()
    for number in range(6):
        answers = {
            q: texts[number] for q, texts in independent.items() if texts[number:]
        }
        taken = {question: edited(text) for question, text in answers.items()}
        learners += [
            handed_in(f"a{number}", **answers),
            handed_in(f"b{number}", **taken),
        ]
        copied |= {(f"a{number}/lab.ipynb", f"b{number}/lab.ipynb", q) for q in answers}
    found = compare(lab01, learners)
    short = {place for place in copied if not is_long(lab01, independent, place)}
    right = flagged(found) & copied
    print(
        f"recall {len(right)}/{len(copied - short)} of the answers long enough "
        f"({len(short)} are too short), precision {len(right)}/{len(flagged(found))}"
    )
    assert len(copied - short) > 12
    assert flagged(found) == copied - short


def is_long(
    lab: Lab, independent: dict[str, list[str]], place: tuple[str, str, str]
) -> bool:
    """Whether an answer is compared at all."""
    text = independent[place[2]][int(place[0][1])]
    return compare(lab, [handed_in("a", **{place[2]: text})]).compared[place[2]] == 1


def test_a_copy_of_the_public_solution_is_named_as_such(lab01: Lab) -> None:
    q5 = "\n".join(lab01.questions["q5"].solution)
    taken = renamed(q5)
    found = compare(lab01, [handed_in("a", q5=taken), handed_in("b", q5=edited(q5))])
    assert {(match.key[0], match.source) for match in found.public} == {
        ("a", SOLUTION),
        ("b", SOLUTION),
    }
    assert [pair.public for pair in found.pairs] == [True]


def test_short_answers_are_never_flagged(lab01: Lab) -> None:
    q1 = "\n".join(lab01.questions["q1"].solution)
    found = compare(lab01, [handed_in("a", q1=q1), handed_in("b", q1=q1)])
    assert found.pairs == ()
    assert found.public == ()
    assert found.short["q1"] == 2


def test_the_stub_and_the_given_cells_count_for_nothing(lab01: Lab) -> None:
    given = {
        name: (*lab01.setup, *question.stub, *question.visible)
        for name, question in lab01.questions.items()
    }
    both = [dataclasses.replace(handed_in(name), answers=given) for name in "ab"]
    found = compare(lab01, both)
    assert found.pairs == ()
    assert set(found.compared.values()) == {0}
    assert set(found.short.values()) == {0}


def test_what_much_of_the_class_shares_is_no_sign(
    lab01: Lab, independent: dict[str, list[str]]
) -> None:
    text = independent["q5"][0]
    few = [handed_in(f"s{n:02d}", q5=text) for n in range(3)]
    others = [handed_in(f"t{n:02d}", q5=f"def f():\n    return {n}") for n in range(27)]
    assert len(compare(lab01, few + others).pairs) == 3
    many = [handed_in(f"s{n:02d}", q5=text) for n in range(15)]
    assert compare(lab01, many + others).pairs == ()


def test_padding_a_copy_hides_nothing(
    lab01: Lab, independent: dict[str, list[str]]
) -> None:
    text = independent["q5"][1]
    padding = "\n".join(
        f"def extra_{n}(a, b):\n    return [a * {n} + i for i in range(b)]"
        for n in range(30)
    )
    found = compare(
        lab01, [handed_in("a", q5=text), handed_in("b", q5=f"{padding}\n{text}")]
    )
    match = found.pairs[0].matches[0]
    assert match.score == 1
    assert match.second.share < 0.5


def test_code_that_does_not_parse_is_compared_by_its_words(
    lab01: Lab, independent: dict[str, list[str]]
) -> None:
    text = independent["q5"][0]
    broken = renamed(text).replace("return", "retrun (", 1)
    found = compare(
        lab01, [handed_in("a", q5=text), handed_in("b", q5=broken), handed_in("c")]
    )
    assert flagged(found) == {("a/lab.ipynb", "b/lab.ipynb", "q5")}
    others = [handed_in(f"s{n}", q5=t) for n, t in enumerate(independent["q5"])]
    again = compare(lab01, [*others, handed_in("z", q5="def f(:\n" + text)])
    assert flagged(again) == {("s0/lab.ipynb", "z/lab.ipynb", "q5")}


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000,
        "-" * 100_000 + "1",
        "x = " + "[" * 90 + "]" * 90,
        "\ud800".encode("utf-8", "replace").decode(),
        "x = 9 ** 9 ** 9 ** 9 ** 9",
        "x = 1" + " + 1" * 20_000,
        "'''" * 1001,
        "\x00",
        "%%bash\nrm -rf /",
        "f'{" * 200,
    ],
)
def test_hostile_code_is_no_trouble(lab01: Lab, source: str) -> None:
    begun = time.process_time()
    compare(lab01, [handed_in("a", q2=source), handed_in("b", q2=source)])
    assert time.process_time() - begun < 5


def test_attempts_of_the_same_learner_are_not_compared(
    lab01: Lab, independent: dict[str, list[str]]
) -> None:
    text = independent["q5"][0]
    twice = [handed_in("a", f"a/{n}.ipynb", q5=text) for n in range(2)]
    assert compare(lab01, twice).pairs == ()


def test_one_file_from_two_learners_is_listed_even_if_short(lab01: Lab) -> None:
    def same(student: str, source: str) -> Submission:
        return dataclasses.replace(handed_in(student, q1=source), sha=source)

    stub = lab01.questions["q1"].stub[0]
    group = [same("a", "x = 1"), same("b", "x = 1"), same("c", stub), same("d", stub)]
    assert compare(lab01, group).same_file == (("a/lab.ipynb", "b/lab.ipynb"),)


def test_shared_lines_are_those_that_were_copied(
    lab01: Lab, independent: dict[str, list[str]]
) -> None:
    text = independent["q5"][0]
    own = "def helper(n):\n    return sorted(str(n), key=len)[::-1]\n\n\n"
    found = compare(lab01, [handed_in("a", q5=text), handed_in("b", q5=own + text)])
    match = found.pairs[0].matches[0]
    shown = found.codes["b/lab.ipynb", "q5"].splitlines()
    marked = {n for begin, end in match.second.lines for n in range(begin, end + 1)}
    assert marked.isdisjoint({1, 2})
    code = {n for n, line in enumerate(shown, 1) if n > 4 and line.strip()}
    signatures = {n for n, line in enumerate(shown, 1) if line.startswith("def ")}
    assert code - signatures <= marked


def test_the_result_depends_on_nothing_but_the_answers(
    lab01: Lab, independent: dict[str, list[str]]
) -> None:
    learners = [
        handed_in(f"s{n}", **{q: texts[n % 2] for q, texts in independent.items()})
        for n in range(6)
    ]
    found = compare(lab01, learners)
    assert found.pairs
    assert compare(lab01, learners[::-1]) == found


def test_three_hundred_submissions_take_seconds(
    lab01: Lab, independent: dict[str, list[str]]
) -> None:
    dice = random.Random(0)
    pool = {
        question: [*texts, *(bare(m) for m in lab01.mutants_of(question))]
        for question, texts in independent.items()
    }
    pool = {q: [*texts, *map(edited, texts)] for q, texts in pool.items()}
    learners = [
        handed_in(f"s{n:03d}", **{q: dice.choice(texts) for q, texts in pool.items()})
        for n in range(300)
    ]
    begun = time.process_time()
    compare(lab01, learners)
    seconds = time.process_time() - begun
    print(f"300 submissions compared in {seconds:.1f} s")
    assert seconds < 20


def test_bad_settings_are_refused(lab01: Lab) -> None:
    with pytest.raises(ValueError, match=r"alike is 1\.5 .* expected 0 < alike <= 1"):
        compare(lab01, [], Settings(alike=1.5))
