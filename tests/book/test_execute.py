"""Chapters run once, and a failure says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from vislearn.course.execute import execute_all

HEAD = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""


def chapter(folder: Path, name: str, *cells: str) -> Path:
    fences = (f"```{{code-cell}} python\n{cell}\n```\n" for cell in cells)
    path = folder / f"{name}.md"
    path.write_text(HEAD + "\n" + "\n".join(fences), encoding="utf-8")
    return path


def run(tmp_path: Path, said: list[str], **chapters: Path):
    def say(*words, end="\n", **_):
        said.append("".join(map(str, words)) + end)

    return execute_all(chapters, tmp_path / "cache", timeout=60, say=say)


def test_a_failed_cell_is_named_and_the_other_chapters_run(tmp_path: Path):
    said: list[str] = []
    bad = chapter(tmp_path, "bad", "x = 1", "# divide\ny = x / 0")
    good = chapter(tmp_path, "good", "print('fine')")

    first, second = run(tmp_path, said, bad=bad, good=good)

    assert first.failure is not None
    assert first.failure.cell == 2
    assert first.failure.line == "# divide"
    assert first.failure.error == "ZeroDivisionError: division by zero"
    assert second.failure is None
    assert "bad … FAILED" in "".join(said)
    assert "code cell 2: # divide" in "".join(said)


def test_a_chapter_runs_once_and_again_only_after_a_change(tmp_path: Path):
    count = tmp_path / "count"
    cell = f"with open({str(count)!r}, 'a') as f: f.write('x')"
    source = chapter(tmp_path, "one", cell)

    cached = [run(tmp_path, [], one=source)[0].cached for _ in range(2)]
    prose = source.read_text(encoding="utf-8") + "\n+++\n\nMore words.\n"
    source.write_text(prose, encoding="utf-8")
    cached.append(run(tmp_path, [], one=source)[0].cached)
    chapter(tmp_path, "one", cell + "  # changed")
    cached.append(run(tmp_path, [], one=source)[0].cached)

    assert cached == [False, True, True, False]
    assert count.read_text() == "xx"


def test_a_failed_chapter_is_not_kept(tmp_path: Path):
    source = chapter(tmp_path, "bad", "1 / 0")

    outcomes = [run(tmp_path, [], bad=source)[0] for _ in range(2)]

    assert all(outcome.failure and not outcome.cached for outcome in outcomes)


def test_chapters_draw_both_languages_whatever_the_reader_has_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VISLEARN_LANG", "ko")
    source = chapter(
        tmp_path, "one", "import os", "assert 'VISLEARN_LANG' not in os.environ"
    )

    assert run(tmp_path, [], one=source)[0].failure is None


def test_a_source_that_cannot_be_read_is_a_failure_of_its_own(tmp_path: Path):
    bad = tmp_path / "bad.md"
    bad.write_text(HEAD + "\n+++ {not json}\n\nText\n", encoding="utf-8")
    good = chapter(tmp_path, "good", "1")

    first, second = run(tmp_path, [], bad=bad, good=good)

    assert first.failure is not None
    assert "cannot be read" in first.failure.line
    assert second.failure is None
