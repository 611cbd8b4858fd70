"""The code cells of a lab.md with their roles, for the grader's own use."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from vislearn.course import source, stubs

ROLES = (
    *("code", "setup", "demo", "solution", "visible", "cases", "probe"),
    "expected-output",
)
AUDIENCES = ("", "learner", "grader")


@dataclass(frozen=True)
class LabCell:
    """One code cell: where it stands, what it is for, and its text."""

    place: str
    id: str
    source: str
    role: str
    question: str
    audience: str
    stub: str = ""


def read_lab_cells(path: Path, problems: list[str]) -> list[LabCell]:
    """All code cells of a lab in order; what is wrong is added to `problems`."""
    try:
        document = source.read(path)
    except ValueError as error:
        problems.append(str(error))
        return []
    counts: Counter[str] = Counter()
    codes = [cell for cell in document.cells if cell.kind == "code"]
    return [_lab_cell(path, cell, counts, problems) for cell in codes]


def _lab_cell(
    path: Path, cell: source.Cell, counts: Counter[str], problems: list[str]
) -> LabCell:
    place = f"{path.name}:{cell.line}"
    role, question = cell.role or "code", str(cell.question or "")
    audience = str(cell.vislearn.get("audience") or "")
    if role not in ROLES:
        problems.append(f"{place}: role {role!r} is not one of {', '.join(ROLES)}")
    if audience not in AUDIENCES:
        problems.append(f"{place}: audience {audience!r} is not learner or grader")
    if role in ("solution", "visible", "cases", "probe") and not question:
        problems.append(f"{place}: a cell with role {role} needs a question")
    stub = ""
    if role == "solution":
        try:
            stub = stubs.stub(cell.text, question)
        except ValueError as error:
            problems.append(f"{place}: {error}")
    base = f"{question}-{role}" if question else role
    counts[base] += 1
    cell_id = base if counts[base] == 1 else f"{base}-{counts[base]}"
    cell_id = cell_id.replace("_", "-")[:64]  # as the notebooks have it
    return LabCell(place, cell_id, cell.text, role, question, audience, stub)
