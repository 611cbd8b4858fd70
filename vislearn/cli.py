"""The `vislearn` command: one subcommand per room that has something to run."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from importlib.metadata import requires


def build_parser() -> argparse.ArgumentParser:
    """Collect the subcommands of the rooms; each room's `commands` adds its own."""
    from vislearn.course import commands as course
    from vislearn.grading import commands as grading

    parser = argparse.ArgumentParser(prog="vislearn", description=__doc__)
    subcommands = parser.add_subparsers(dest="command", required=True)
    course.add_parser(subcommands)
    grading.add_parsers(subcommands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; bad input ends in one line on stderr and exit code 2."""
    arguments = build_parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except (ValueError, FileNotFoundError) as error:
        print(f"vislearn: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] == "vislearn":
            raise
        print(f"vislearn: {missing(error.name)}", file=sys.stderr)
        return 2


def missing(module: str) -> str:
    """What to install for a module that is not there."""
    package = module.partition(".")[0]
    wanted = [text.partition(";") for text in requires("vislearn") or []]
    extras = [
        marker.partition("extra ==")[2].strip(" \"')")
        for requirement, _, marker in wanted
        if re.match(r"[\w.-]+", requirement)[0].replace("-", "_").lower() == package  # type: ignore[index]
    ]
    extra = extras[0] if extras else "book,labs"
    return (
        f"the package {package!r} is not installed; "
        f'`pip install -c constraints.txt -e ".[{extra}]"` brings it'
    )


if __name__ == "__main__":
    sys.exit(main())
