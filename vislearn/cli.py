"""The `vislearn` command: one subcommand per room that has something to run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


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


if __name__ == "__main__":
    sys.exit(main())
