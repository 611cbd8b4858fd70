"""The instructors' page says what is so: its sessions, its paths, its figures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.grading.console import (
    ROOT,
    Command,
    Terminal,
    Written,
    fits,
    steps,
)
from vislearn.grading.pages import items, summary
from vislearn.grading.people.policy_file import _KEYS

PAGE = ROOT / "book" / "appendix" / "instructors.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.timeout(900)  # less than one minute on an idle machine
def test_every_command_prints_what_the_page_shows(
    needs_sandbox: None, tmp_path: Path
) -> None:
    pytest.importorskip("nbgrader", reason="the page exports to it")
    terminal = Terminal(tmp_path)
    wrong, count = [], 0
    for step in steps(PAGE):
        if isinstance(step, Written):
            terminal.write(step)
            continue
        count += 1
        got, _status = terminal.run(step.text)
        if not fits(step.printed, got):
            wrong.append(f"line {step.line}: $ {step.text}\n" + "\n".join(got))

    assert not wrong, "\n\n".join(wrong)
    assert count > 15


def test_paths_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`((?:tests|benchmarks|labs)/[\w./]+)`", TEXT))
    walls = re.findall(r"^\|.*\| `([\w./]+)` \|$", TEXT, re.MULTILINE)

    assert len(walls) > 20  # a row in each language
    named |= {f"tests/grading/{name}" for name in walls}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_limits_of_the_statistics_are_those_of_the_summary() -> None:
    for limit in (summary.HARD, summary.EASY):
        assert TEXT.count(f"{100 * limit:g} %") >= 2  # once in each language
    assert TEXT.count(f"{summary.TELLS_FEW:g}") >= 2
    assert f"{items.MIN_LEARNERS}명보다 적으면" in TEXT
    assert f"fewer than {items.MIN_LEARNERS} learners" in TEXT


@pytest.mark.parametrize(
    "key",
    ["late", "attempts", "max_attempts", "extensions", "accommodations", "missing"],
)
def test_keys_of_a_policy_that_the_page_explains_are_known(key: str) -> None:
    assert key in _KEYS
    assert TEXT.count(f"`{key}`") >= 2


def _page(tmp_path: Path, text: str) -> list[Any]:
    page = tmp_path / "page.md"
    page.write_text(
        f'+++ {{"lang": "ko"}}\n\n가\n\n+++ {{"lang": "en"}}\n\na\n\n{text}'
    )
    return list(steps(page))


def test_a_session_is_read_as_commands_with_their_output(tmp_path: Path) -> None:
    text = "+++\n\n```console\n$ one \\\n>   more\nprinted\n\n$ two\n```\n"

    first, second = _page(tmp_path, text)

    assert (first.text, first.printed) == ("one \\\n  more", ("printed", ""))
    assert second == Command(second.line, "two", ())


def test_a_file_with_a_name_is_written(tmp_path: Path) -> None:
    text = "+++\n\n```{code-block} yaml\n:caption: a.yml\nkey: 1\n```\n"

    assert _page(tmp_path, text) == [Written("a.yml", "key: 1\n")]


def test_a_session_in_one_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one language"):
        _page(tmp_path, "```console\n$ one\n```\n")


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ((), [], True),
        (("a",), ["a"], True),
        (("a",), ["a", "b"], False),
        (("a",), [], False),
        (("a … c",), ["a b c"], True),
        (("…", "z"), ["x", "y", "z"], True),
        (("…", "z"), ["z"], True),
        (("a.c",), ["abc"], False),
    ],
)
def test_an_output_fits_or_not(
    expected: tuple[str, ...], got: list[str], same: bool
) -> None:
    assert fits(expected, got) is same


def test_a_terminal_remembers_its_folder_and_nothing_of_ours(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.run("mkdir -p a/b && cd a/b")
    terminal.write(Written("note", "x\n"))

    assert terminal.run("basename $PWD; cat note")[0] == ["b", "x"]
    assert terminal.run("ls -A ~")[0] == []
    assert terminal.run("env | grep -c PYTEST") == (["0"], 1)
    assert not (ROOT / "a").exists()
