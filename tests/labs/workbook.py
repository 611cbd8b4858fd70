"""A lab as its tests use it: prose, predicates, and its cells run without a kernel."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vislearn.grading.lab import Lab, load_lab

ROOT = Path(__file__).resolve().parents[2]
LABS = sorted(path.parent.name for path in ROOT.glob("labs/*/lab.yml"))


class Workbook:
    """One lab folder by name, e.g. `Workbook("lab03_clip")`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = ROOT / "labs" / name
        self.lab: Lab = load_lab(self.folder)

    @cached_property
    def prose(self) -> str:
        """The lab's text in both languages."""
        return (self.folder / "lab.md").read_text(encoding="utf-8")

    @cached_property
    def bands(self) -> dict[str, Any]:
        """What the training question was measured to reach."""
        return json.loads((self.folder / "bands.json").read_text("utf-8"))

    @cached_property
    def judge(self) -> Any:
        """The module of the lab's predicates."""
        file = self.folder / "judge.py"
        spec = importlib.util.spec_from_file_location(f"{self.name}_judge", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def namespace(self, answers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Run set-up and solutions (or the given answers instead) in order."""
        answers = answers or {}
        names: dict[str, Any] = {"__name__": self.name}
        for source in self.lab.setup:
            execute(source, names)
        for question in self.lab.questions.values():
            for source in question.solution:
                execute(answers.get(question.id, source), names)
        return names

    def printed(self, question: str, names: dict[str, Any]) -> list[str]:
        """Lines that the visible checks of a question print."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            for source in self.lab.questions[question].visible:
                execute(source, dict(names))
        return out.getvalue().splitlines()


def execute(source: str, names: dict[str, Any]) -> None:
    """Run a cell as a kernel does, without this file's `from __future__`."""
    exec(compile(source, "<cell>", "exec", dont_inherit=True), names)


def normal(*shape: int) -> Tensor:
    """Normal numbers: the same for a shape, others for another shape."""
    seed = sum(size * 31**n for n, size in enumerate(shape))
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
