"""`vislearn course …`: from sources to notebooks and to the book.

The notebooks are tested by running them once; cells tagged `nbval-check-output` are
compared with the expected outputs of their sources:

    vislearn course nbval --out _build/nbval
    VISLEARN_SCALE=smoke python -m pytest --nbval-lax --nbval-current-env _build/nbval

`vislearn course notebooks --lang ko --out DIR --with-expected` does the same for any
selection of files, and `vislearn course accept --outputs` renews what is expected.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vislearn.course.source import LANGUAGES, Document, read


def add_parser(subcommands: Any) -> None:
    """Add `course` and its own subcommands to the command line."""
    course = subcommands.add_parser("course", help="sources, notebooks, the book")
    parsers = course.add_subparsers(dest="course_command", required=True)

    def add(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        parser = parsers.add_parser(name, help=help, description=help)
        parser.set_defaults(run=run)
        return parser

    _add_checks(add)
    _add_notebooks(add)
    book = add("book", run_book, "build the book in both languages")
    book.add_argument("--serve", action="store_true", help="serve it on this machine")
    book.add_argument("--no-execute", action="store_true", help="do not run chapters")
    book.add_argument("--lang", choices=[*LANGUAGES, "all"], default="all")
    book.add_argument("--only", nargs="*", help="run and build only these chapters")
    for kind in ("chapter", "lab"):
        new = add(f"new-{kind}", run_new, f"start a {kind} from the template")
        new.add_argument("name", help="05_clip" if kind == "chapter" else "lab03_clip")
        new.set_defaults(kind=kind)


def _add_checks(add: Any) -> None:
    check = add("check", run_check, "do the two languages say the same?")
    check.add_argument("files", nargs="*", type=Path, help="default: everything")

    accept = add("accept", run_accept, "accept the pairs of languages as they stand")
    accept.add_argument("files", nargs="*", type=Path, help="default: everything")
    accept.add_argument(
        "--outputs",
        action="store_true",
        help="instead, run the notebooks at smoke scale and renew expected outputs",
    )

    glossary = add("glossary", run_glossary, "print the glossary of one language")
    glossary.add_argument("--lang", choices=LANGUAGES, default="ko")
    glossary.add_argument(
        "--check", action="store_true", help="say what is wrong with it instead"
    )


def _add_notebooks(add: Any) -> None:
    notebooks = add("notebooks", run_notebooks, "make notebooks of the sources")
    notebooks.add_argument("files", nargs="*", type=Path, help="default: everything")
    notebooks.add_argument("--lang", choices=[*LANGUAGES, "all"], default="all")
    notebooks.add_argument(
        "--audience", choices=["reader", "student", "instructor"], default="reader"
    )
    notebooks.add_argument("--out", type=Path, required=True)
    notebooks.add_argument(
        "--with-expected",
        action="store_true",
        help="store expected outputs, so that nbval compares them",
    )

    bench = add("workbench", run_workbench, "your own copies; never overwritten")
    bench.add_argument("--out", type=Path, default=Path("workbench"))

    nbval = add("nbval", run_nbval, "the notebooks that the tests run through nbval")
    nbval.add_argument("--out", type=Path, required=True)


def run_check(arguments: argparse.Namespace) -> int:
    from vislearn.course.check import check_course
    from vislearn.course.site import Course, find_root

    course = Course(find_root())
    problems = check_course(course, arguments.files)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problems")
        return 1
    checked = arguments.files or course.sources
    print(f"{len(checked)} sources: both languages agree")
    return 0


def run_accept(arguments: argparse.Namespace) -> int:
    from vislearn.course.lock import accept, forget
    from vislearn.course.site import Course, find_root

    course = Course(find_root())
    documents = chosen(course, arguments.files)
    if arguments.outputs:
        from vislearn.course.outputs import renew_outputs

        for document in runnable(documents):
            changed = renew_outputs(document, course)
            print(f"{document.path}: {changed} outputs renewed")
        return 0
    for document in documents:
        print(f"{document.path}: {accept(document, course.root)} pairs accepted")
    if not arguments.files:
        forget(documents, course.root)
    return 0


def run_notebooks(arguments: argparse.Namespace) -> int:
    from vislearn.course.site import Course, find_root

    course = Course(find_root())
    languages = LANGUAGES if arguments.lang == "all" else (arguments.lang,)
    for document in runnable(chosen(course, arguments.files)):
        for lang in languages:
            folder = arguments.out / lang if arguments.lang == "all" else arguments.out
            path = folder / f"{document.name}.ipynb"
            write_notebook(
                document,
                lang,
                arguments.audience,
                course,
                path,
                arguments.with_expected,
            )
            print(path)
    return 0


def run_workbench(arguments: argparse.Namespace) -> int:
    """Write chapters and blank labs, leaving alone what is already there."""
    from vislearn.course.site import Course, find_root

    course, made, kept = Course(find_root()), 0, 0
    for document in (*course.chapters, *course.labs):
        audience = "student" if document.is_lab else "reader"
        for lang in LANGUAGES:
            path = arguments.out / lang / f"{document.name}.ipynb"
            if path.exists():
                kept += 1
                continue
            write_notebook(document, lang, audience, course, path)
            made += 1
    print(
        f"{arguments.out}: {made} notebooks written, {kept} of yours left as they are"
    )
    return 0


def run_nbval(arguments: argparse.Namespace) -> int:
    """Chapters for readers and labs with solutions; one language runs for both,
    because the code cells of the two are the same."""
    from vislearn.course.site import Course, find_root

    course = Course(find_root())
    for kind, documents, audience in (
        ("chapters", course.chapters, "reader"),
        ("labs", course.labs, "instructor"),
    ):
        for document in documents:
            path = arguments.out / kind / f"{document.name}.ipynb"
            write_notebook(document, "ko", audience, course, path, expected=True)
            print(path)
    return 0


def run_book(arguments: argparse.Namespace) -> int:
    from vislearn.course.book import build
    from vislearn.course.site import find_root

    languages = LANGUAGES if arguments.lang == "all" else (arguments.lang,)
    return build(
        find_root(),
        langs=languages,
        execute=not arguments.no_execute,
        serve=arguments.serve,
        only=arguments.only,
    )


def run_glossary(arguments: argparse.Namespace) -> int:
    from vislearn.course.glossary import flaws, glossary_page, load_terms
    from vislearn.course.site import find_root

    root = find_root()
    if not arguments.check:
        print(glossary_page(arguments.lang, root))
        return 0
    terms = load_terms(root)
    found = list(flaws(terms))
    print(*found, f"{len(terms)} terms, {len(found)} flaws", sep="\n")
    return 1 if found else 0


def run_new(arguments: argparse.Namespace) -> int:
    from vislearn.course import scaffold
    from vislearn.course.site import find_root

    make = scaffold.new_chapter if arguments.kind == "chapter" else scaffold.new_lab
    for path in make(arguments.name, find_root()):
        print(path)
    return 0


def chosen(course: Any, files: list[Path]) -> list[Document]:
    """The named documents, or all of them."""
    return [read(path) for path in files] or list(course.documents)


def runnable(documents: Sequence[Document]) -> list[Document]:
    """Those that have code: the start page and the appendix make no notebook."""
    return [d for d in documents if any(cell.kind == "code" for cell in d.cells)]


def write_notebook(
    document: Document,
    lang: str,
    audience: str,
    course: Any,
    path: Path,
    expected: bool = False,
) -> None:
    """Write one notebook; the file appears whole or not at all."""
    import nbformat

    from vislearn.course.notebooks import build_notebook

    notebook = build_notebook(document, lang, audience, course, expected)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}.part")
    nbformat.write(notebook, temporary)
    temporary.replace(path)
