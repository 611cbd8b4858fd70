"""What `vislearn course check` says about a place in a source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Finding = tuple[int, str, str]  # line, rule, message


@dataclass(frozen=True, order=True)
class Problem:
    """Something to mend."""

    path: Path
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path.as_posix()}:{self.line}: [{self.rule}] {self.message}"
