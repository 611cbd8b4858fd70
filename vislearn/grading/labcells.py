"""The code cells of a lab.md with their roles, for the grader's own use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROLES = ("setup", "demo", "solution", "visible", "probe")
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
    stub: str | None = None


def read_lab_cells(path: Path, problems: list[str]) -> list[LabCell]:
    """All code cells of a lab in order; what is wrong is added to `problems`."""
    import jupytext

    notebook = jupytext.read(str(path), fmt="md:myst")
    cells: list[LabCell] = []
    count: dict[str, int] = {}
    for number, raw in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        meta = raw.metadata.get("vislearn") or {}
        place = f"{path.name}: code cell {number + 1}"
        role, question = str(meta.get("role", "demo")), str(meta.get("question", ""))
        audience = str(meta.get("audience", ""))
        if role not in ROLES:
            problems.append(f"{place}: role {role!r} is not one of {', '.join(ROLES)}")
        if audience not in AUDIENCES:
            problems.append(f"{place}: audience {audience!r} is not learner or grader")
        if role in ("solution", "visible", "probe") and not question:
            problems.append(f"{place}: a cell with role {role} needs a question")
        count[question + role] = count.get(question + role, 0) + 1
        number_text = (
            "" if count[question + role] == 1 else f"-{count[question + role]}"
        )
        cell_id = f"{question}-{role}{number_text}"
        cells.append(
            LabCell(
                place,
                cell_id,
                raw.source,
                role,
                question,
                audience,
                _stub(raw.source, question) if role == "solution" else None,
            )
        )
    return cells


def _stub(source: str, question: str) -> str:
    lines, keep, first = [], True, True
    for line in source.splitlines():
        if line.strip().startswith("# BEGIN SOLUTION"):
            keep = False
            if first:
                indent = line[: len(line) - len(line.lstrip())]
                lines.append(f'{indent}raise NotImplementedError("{question}")')
                first = False
        elif line.strip().startswith("# END SOLUTION"):
            keep = True
        elif keep:
            lines.append(line)
    return "\n".join(lines)
