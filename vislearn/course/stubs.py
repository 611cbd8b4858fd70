"""From a solution to the stub that a learner fills in.

The stub equals the solution minus its blanks: what stands between `# BEGIN SOLUTION`
and `# END SOLUTION` goes, everything else stays as it is, character for character.
"""

from __future__ import annotations

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"


def stub(code: str, question: str) -> str:
    """Blank the solution; every blank raises, so that a forgotten answer is seen.

    Raises:
        ValueError: if there is no blank, or the markers do not alternate.
    """
    lines: list[str] = []
    inside, blanks = False, 0
    for line in code.splitlines():
        marker = line.strip()
        if marker in (BEGIN, END):
            if (marker == BEGIN) == inside:
                raise ValueError(f"{question}: {marker!r} does not alternate")
            inside = marker == BEGIN
            blanks += inside
            if inside:
                indent = line[: len(line) - len(line.lstrip())]
                lines.append(f'{indent}raise NotImplementedError("{question}")')
        elif not inside:
            lines.append(line)
    if inside or not blanks:
        raise ValueError(
            f"{question}: expected {BEGIN!r} … {END!r} in the solution cell"
        )
    return "\n".join(lines)


def solution(code: str) -> str:
    """The whole solution, without the marker lines."""
    kept = [line for line in code.splitlines() if line.strip() not in (BEGIN, END)]
    return "\n".join(kept)
