"""A graded class, opened again from its output folder: lab, records, rules and marks.

`vislearn grade` notes in the journal which lab, roster and policy it was given, so that
reports, rubric sheets and exports use the same ones unless they are told others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vislearn.grading.batch import records_of
from vislearn.grading.journal import Journal, Record, open_journal
from vislearn.grading.lab import Lab, load_lab
from vislearn.grading.people.policy import Mark, Policy, marks
from vislearn.grading.people.policy_file import read_policy
from vislearn.grading.people.roster import Roster, read_roster
from vislearn.grading.people.rubric import ManualRow


@dataclass(frozen=True)
class Term:
    """One lab of one class, with everything that makes a mark."""

    lab: Lab
    journal: Journal
    records: Sequence[Record]
    roster: Roster | None
    policy: Policy
    manual: Sequence[ManualRow]

    @property
    def walls(self) -> str:
        return str(self.journal.last_batch().get("walls", "none"))

    @property
    def marks(self) -> list[Mark]:
        """Every student's mark, each once."""
        return marks(self.lab, self.records, self.policy, self.roster, self.manual)


def open_term(
    out: Path,
    *,
    lab: Path | None = None,
    roster: Path | None = None,
    policy: Path | None = None,
) -> Term:
    """Open the output folder of a `vislearn grade`.

    Args:
        lab, roster, policy: other files than the ones that the journal names.

    Raises:
        FileNotFoundError: if there is no journal, or a file that it names has gone.
        ValueError: if one of the files is refused.
    """
    journal = open_journal(out, create=False)
    folder = lab or Path(journal.fact("lab_path"))
    if not (folder / "lab.yml").is_file():
        raise FileNotFoundError(f"{folder}: no lab there any more; say --lab FOLDER")
    loaded = load_lab(folder)
    roster = roster or _named(journal, "roster")
    policy = policy or _named(journal, "policy")
    return Term(
        lab=loaded,
        journal=journal,
        records=records_of(journal, loaded),
        roster=read_roster(roster) if roster else None,
        policy=read_policy(policy) if policy else Policy(),
        manual=journal.manual(),
    )


def remember(out: Path, roster: Path | None, policy: Path | None) -> None:
    """Note the files of a run; those that are not given stay as they were."""
    journal = open_journal(out, create=True)
    for name, file in (("roster", roster), ("policy", policy)):
        if file is not None:
            journal.set_fact(name, str(file.resolve()))


def _named(journal: Journal, name: str) -> Path | None:
    """A file that the journal names.

    Raises:
        FileNotFoundError: if it has gone.
    """
    if not (told := journal.fact(name)):
        return None
    if not Path(told).is_file():
        raise FileNotFoundError(f"{told}: this {name} has gone; say --{name} FILE")
    return Path(told)
