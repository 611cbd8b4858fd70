"""Terminal sessions in a page: what stands there, and what really comes out.

A fence ```` ```console ```` holds commands (`$ …`, continued by `> …`) with what they
print; a fence ```` ```{code-block} LANGUAGE ```` with a `:caption: NAME` is a file that
the reader is told to write. In the printed text `…` stands for anything, and a line
that holds nothing else for any number of lines.

    python tests/grading/console.py book/appendix/instructors.md

runs all of it in a folder of its own and prints every command with its real output.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vislearn.course.markdown import FENCES, directive
from vislearn.course.source import read

ROOT = Path(__file__).resolve().parents[2]
# What a session may use of a checkout, as links.
LINKED = ("tests", "labs", "vislearn", "book", "_config.yml")
ANYTHING = "…"


@dataclass(frozen=True)
class Command:
    """A command, where it stands, and what the page says that it prints."""

    line: int
    text: str
    printed: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """A file that the page shows."""

    name: str
    text: str


def steps(page: Path) -> Iterator[Command | Written]:
    """Files and commands of a page in order; what stands there once for both languages.

    Raises:
        ValueError: if a session stands in the cell of one language only.
    """
    from vislearn.course.markdown import walk

    for cell in read(page).cells:
        if cell.kind != "markdown":
            continue
        for line, token in walk(cell.text, cell.line):
            if token.type not in FENCES:
                continue
            found = directive(token)
            if token.info.strip() == "console":
                if cell.lang:
                    raise ValueError(f"{page.name}:{line}: a session in one language")
                yield from _commands(token.content, line + 1)
            elif found and found.name == "code-block" and "caption" in found.options:
                yield Written(found.options["caption"], found.body.strip("\n") + "\n")


def _commands(text: str, line: int) -> Iterator[Command]:
    begin, command = 0, ""
    printed: list[str] = []
    for number, row in enumerate(text.splitlines(), line):
        if row.startswith("$ "):
            if command:
                yield Command(begin, command, tuple(printed))
            begin, command, printed = number, row[2:], []
        elif row.startswith("> ") and command and not printed:
            command += "\n" + row[2:]
        else:
            printed.append(row)
    if command:
        yield Command(begin, command, tuple(printed))


def fits(expected: tuple[str, ...], got: list[str]) -> bool:
    """Whether an output is what the page shows."""
    parts = []
    for row in expected:
        if row.strip() == ANYTHING:
            parts.append(r"(?:[^\n]*\n)*")
        else:
            pieces = row.rstrip().split(ANYTHING)
            parts.append(r"[^\n]*".join(map(re.escape, pieces)) + r"\n")
    text = "".join(f"{row.rstrip()}\n" for row in got)
    return re.fullmatch("".join(parts), text) is not None


class Terminal:
    """A shell in a checkout of its own, with a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.here = folder / "course"
        self.here.mkdir()
        for name in LINKED:
            (self.here / name).symlink_to(ROOT / name)
        home = folder / "home"
        home.mkdir()
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TZ": "Asia/Seoul",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "88",
        }
        self.marker = folder / "where"

    def write(self, file: Written) -> None:
        (self.here / file.name).write_text(file.text, encoding="utf-8")

    def run(self, command: str) -> tuple[list[str], int]:
        """What a command prints to its standard output, and its exit status."""
        script = f"{command}\nstatus=$?\npwd > {self.marker}\nexit $status"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.here,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if self.marker.is_file():
            self.here = Path(self.marker.read_text(encoding="utf-8").strip())
        if not done.stdout and done.returncode:
            return done.stderr.splitlines()[-3:], done.returncode
        return done.stdout.splitlines(), done.returncode


def main(page: str) -> None:
    """Run a page's session and show what it prints."""
    with tempfile.TemporaryDirectory(prefix="session-") as folder:
        terminal = Terminal(Path(folder))
        for step in steps(Path(page)):
            if isinstance(step, Written):
                terminal.write(step)
                continue
            got, status = terminal.run(step.text)
            note = "" if fits(step.printed, got) else "   <-- the page says otherwise"
            print(f"$ {step.text}{note}", *got, sep="\n", flush=True)
            if status:
                print(f"[exit status {status}]")


if __name__ == "__main__":
    main(sys.argv[1])
