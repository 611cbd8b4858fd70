"""`vislearn release`, `check`, `grade`, `report` and `selftest`; what joins them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vislearn.grading.exchange import commands as exchange_commands
from vislearn.grading.exchange import release_commands
from vislearn.grading.people import rubric_commands

if TYPE_CHECKING:
    from vislearn.grading.term import Term


def add_parsers(subcommands: Any) -> None:
    """Add the grader's subcommands to the command line."""

    def add(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        parser = subcommands.add_parser(name, help=help)
        parser.set_defaults(run=run)
        return parser

    release = add("release", run_release, "make the notebooks of a lab for learners")
    release.add_argument("lab", help="a lab's folder, or its name under labs/")
    release.add_argument("--lang", choices=["ko", "en", "all"], default="all")
    release_commands.add_release_options(release)
    release.add_argument(
        "--instructor", action="store_true", help="add notebooks with the solutions"
    )

    check = add("check", run_check, "try your own notebook before handing it in")
    check.add_argument("notebook", type=Path)
    check.add_argument(
        "--classroom",
        action="store_true",
        help="take a whole folder, and tell GitHub Classroom (in its workflow)",
    )

    _add_grade(add)

    report = add("report", run_report, "write the pages and tables again")
    report.add_argument("out", type=Path, help="the --out of a `vislearn grade`")
    report.add_argument("--lab", help="a lab's folder, if it has moved")
    _add_rules(report)

    selftest = add("selftest", run_selftest, "grade a lab's own known answers")
    selftest.add_argument("lab", help="a lab's folder, or its name under labs/")

    rubric_commands.add_parsers(add)
    exchange_commands.add_parsers(add)


def _add_grade(add: Any) -> None:
    grade = add("grade", run_grade, "grade a folder of notebooks")
    grade.add_argument("lab", help="a lab's folder, or its name under labs/")
    grade.add_argument("folder", type=Path, help="holds the handed-in notebooks")
    grade.add_argument("--out", type=Path, required=True)
    grade.add_argument("--jobs", type=int, default=1, help="workers at a time")
    _add_rules(grade)
    grade.add_argument(
        "--no-sandbox",
        action="store_true",
        help="run notebooks as yourself: only for notebooks that you trust",
    )
    grade.add_argument(
        "--walls",
        choices=["bwrap", "user"],
        default="bwrap",
        help="user: another user without rights, inside a container of its own",
    )
    grade.add_argument(
        "--scheduler", default="", help="address of a Dask cluster, tcp://host:8786"
    )
    grade.add_argument(
        "--only-failed",
        action="store_true",
        help="grade again what ended in a time-out, a crash or a limit",
    )
    grade.add_argument(
        "--regrade",
        action="append",
        default=[],
        metavar="PATTERN",
        help="grade these files or students anew ('*' for all)",
    )
    grade.add_argument(
        "--seed-file", type=Path, help="a file with the secret of the course"
    )


def _add_rules(parser: argparse.ArgumentParser) -> None:
    """Options about the term, for whatever shows marks."""
    parser.add_argument("--roster", type=Path, help="roster.csv: ids, names, addresses")
    parser.add_argument(
        "--policy", type=Path, help="policy.yml: deadline, lateness, attempts"
    )
    parser.add_argument(
        "--hide-names",
        action="store_true",
        help="numbers instead of names in the similarity report",
    )


def import_quickly() -> None:
    """Keep jsonschema, which reads notebooks' schemas, from compiling a grammar.

    Where the package is installed it costs a second in every process, for the check of
    a text format (IRI) that no notebook uses.
    """
    if "jsonschema" not in sys.modules:
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def find_lab(name: str) -> Path:
    """A lab's folder from a path or from a name under labs/.

    Raises:
        FileNotFoundError: if there is no such lab.
    """
    if (Path(name) / "lab.yml").is_file():
        return Path(name)
    for folder in (
        Path.cwd(),
        *Path.cwd().parents,
        Path(__file__).resolve().parents[2],
    ):
        if (folder / "labs" / name / "lab.yml").is_file():
            return folder / "labs" / name
    raise FileNotFoundError(f"no lab {name!r}: expected a folder with lab.yml")


def run_release(arguments: argparse.Namespace) -> int:
    import_quickly()
    from vislearn.grading.lab import LANGUAGES, load_lab
    from vislearn.grading.release import release

    release_commands.refuse_misplaced(arguments)
    languages = LANGUAGES if arguments.lang == "all" else (arguments.lang,)
    lab, out = load_lab(find_lab(arguments.lab)), arguments.out
    if out is None:
        written = release_commands.release_elsewhere(arguments, lab, languages)
    else:
        written = release(lab, languages, out, instructor=arguments.instructor)
    for path in written:
        print(path)
    return 0


def run_check(arguments: argparse.Namespace) -> int:
    import_quickly()
    from vislearn.grading.check import check_notebook, table

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    if arguments.classroom:
        # 0 with points missing, too: a step that fails would keep the report back.
        from vislearn.grading.exchange.classroom import report, self_check

        print(report(self_check(arguments.notebook, say)))
        return 0
    lines, lang = check_notebook(arguments.notebook, say)
    print(table(lines, lang))
    return 0 if all(line.points == line.max_points for line in lines) else 1


def run_grade(arguments: argparse.Namespace) -> int:
    """Exit code 0 if everybody has a mark or an unreadable file, else 3."""
    import_quickly()
    from tqdm import tqdm

    from vislearn.grading.batch import grade
    from vislearn.grading.lab import load_lab
    from vislearn.grading.term import open_term, remember

    lab = load_lab(find_lab(arguments.lab))
    remember(arguments.out, arguments.roster, arguments.policy)
    # Opened before the long part, so that bad rules are refused at once.
    term = open_term(arguments.out, lab=lab.path)
    with tqdm(unit="question", leave=False, disable=None) as bar:

        def progress(done: int, count: int) -> None:
            bar.total = count
            bar.update(done - bar.n)

        outcome = grade(
            lab,
            arguments.folder,
            arguments.out,
            jobs=arguments.jobs,
            scheduler=arguments.scheduler,
            walls="none" if arguments.no_sandbox else arguments.walls,
            only_failed=arguments.only_failed,
            regrade=arguments.regrade,
            seed_file=arguments.seed_file,
            roster=term.roster,
            zone=term.policy.zone,
            say=lambda line: bar.write(line),
            progress=progress,
        )
    _write_all(arguments.out, lab.path, arguments.hide_names)
    if arguments.no_sandbox:
        print("no sandbox: these marks are only as good as your trust in the notebooks")
    return 3 if any(record.state == "ungraded" for record in outcome.records) else 0


def run_report(arguments: argparse.Namespace) -> int:
    import_quickly()
    from vislearn.grading.term import remember

    remember(arguments.out, arguments.roster, arguments.policy)
    lab = find_lab(arguments.lab) if arguments.lab else None
    _write_all(arguments.out, lab, arguments.hide_names)
    return 0


def _write_all(out: Path, lab: Path | None, hide_names: bool) -> None:
    """Every page and table of a graded class, and a line per submission."""
    from vislearn.grading.batch import read_class
    from vislearn.grading.checks.counterexamples import read_cases
    from vislearn.grading.exchange.junit import write_junit
    from vislearn.grading.pages.report import write_reports
    from vislearn.grading.pages.similarity import compare
    from vislearn.grading.term import open_term

    term = open_term(out, lab=lab)
    folder, likeness = Path(term.journal.fact("submissions")), None
    if folder.exists():
        zone = term.policy.zone
        entries = read_class(term.lab, folder, term.roster, zone)
        likeness = compare(term.lab, [entry.submission for entry in entries])
    write_reports(
        term.lab,
        term.records,
        out,
        term.walls,
        marks=term.marks,
        manual=term.manual,
        similarity=likeness,
        cases=read_cases(out),
        about=term.journal.last_batch(),
        hide_names=hide_names,
    )
    write_junit(term.lab, term.records, out / "junit.xml")
    _print_marks(list(term.records), term.lab.points)
    _print_zone(term)
    print(out / "summary.html")


def _print_zone(term: Term) -> None:
    """Say so if the policy is of another place than the one that times were read for.

    A file name such as 2026-11-02T09-30.ipynb names no place, so it was read on the
    clock of the policy that `vislearn grade` knew.
    """
    was, zone = term.journal.fact("zone"), term.policy.zone
    if zone is not None and str(zone) != was:
        print(
            f"hand-in times without a zone were read on the clock of "
            f"{was or 'this machine'}, not {zone}; `vislearn grade` with this policy "
            "reads them again and grades nothing twice"
        )


def run_selftest(arguments: argparse.Namespace) -> int:
    import_quickly()
    from vislearn.grading.lab import load_lab
    from vislearn.grading.selftest import check_lab

    findings = check_lab(load_lab(find_lab(arguments.lab)))
    for finding in findings:
        points = f"{finding.points:g}/{finding.max_points:g}"
        state = finding.problem or "as it should be"
        print(f"{finding.question:<6} {finding.answer:<40} {points:>9}  {state}")
    bad = sum(bool(finding.problem) for finding in findings)
    print(f"{len(findings)} known answers, {bad} problems")
    return 1 if bad else 0


def _print_marks(records: list[Any], possible: float) -> None:
    for record in records:
        points = "–" if record.points is None else f"{record.points:g}"
        each = "  ".join(f"{n} {r.points:g}" for n, r in record.results.items())
        reason = f"  {record.reason}" if record.reason else ""
        print(
            f"{record.state:<10} {points:>6}/{possible:g}  {record.key}  {each}{reason}"
        )
