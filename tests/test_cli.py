"""The command line's own manners: one line for what the user can mend."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

import pytest

from vislearn import cli


def run(monkeypatch: pytest.MonkeyPatch, error: Exception) -> int:
    """The exit code of a command that ends in this error."""

    def command(_arguments: object) -> NoReturn:
        raise error

    parser = argparse.ArgumentParser()
    parser.set_defaults(run=command)
    monkeypatch.setattr(cli, "build_parser", lambda: parser)
    return cli.main([])


@pytest.mark.parametrize("error", [ValueError, FileNotFoundError])
def test_bad_input_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: type[Exception],
) -> None:
    assert run(monkeypatch, error("jobs 0: expected at least 1")) == 2
    assert capsys.readouterr().err == "vislearn: jobs 0: expected at least 1\n"


def test_a_missing_package_names_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["torch>=2.4", 'otter-grader; extra == "peers"', 'x>=1; extra == "labs"']
    monkeypatch.setattr(cli, "requires", lambda _name: wanted)
    error = ModuleNotFoundError("no", name="otter_grader.run")
    assert run(monkeypatch, error) == 2
    said = capsys.readouterr().err
    assert said.startswith("vislearn: the package 'otter_grader' is not installed")
    assert '-e ".[peers]"' in said


def test_a_package_of_nobody_is_answered_with_all_that_learners_need() -> None:
    assert '".[book,labs]"' in cli.missing("yaml")


def test_our_own_missing_module_is_a_fault_and_shows_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ModuleNotFoundError):
        run(monkeypatch, ModuleNotFoundError("no", name="vislearn.nowhere"))


def test_grading_without_dask_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from vislearn.grading import spread

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModuleNotFoundError) as caught, spread.cluster(1, ""):
        pass
    assert "'distributed' is not installed" in cli.missing(str(caught.value.name))
