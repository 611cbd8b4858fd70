"""One question in one kernel: which cells run, for how long, and what is kept.

The nbval plugin runs these steps as pytest items, the reference and the self-test run
them in a row; both hand every result to a `Recorder`, so that values come about in the
same way everywhere.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from vislearn.grading.emit import SEEDS_VARIABLE, derive_seed
from vislearn.grading.lab import Lab
from vislearn.grading.walls import clock
from vislearn.grading.walls.kernel import GuardedKernel, KernelSettings
from vislearn.grading.walls.listen import CellRun
from vislearn.grading.walls.sandbox import Limits

SETUP_SECONDS = 120.0  # importing torch on a busy machine
FATAL = ("kernel_died", "memory_limit", "disk_limit", "output_limit")


@dataclass(frozen=True)
class Step:
    """One cell to run; `stage` is guard, setup, context, needs, learner or probe."""

    stage: str
    source: str


@dataclass
class Measured:
    """What came out of one question: values by name, and how the run went.

    `state` is ok, error, timeout, kernel_died, memory_limit, disk_limit,
    output_limit, or setup_failed, which is our failure and not the learner's.
    """

    values: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    state: str = "ok"
    stage: str = ""
    error_name: str = ""
    error_text: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Measured:
        return cls(**raw)


def steps(
    lab: Lab,
    question: str,
    answers: Mapping[str, Sequence[str]],
    probes: Iterable[str] | None = None,
    context: str = "",
) -> list[Step]:
    """The cells of one question: guard, set-up, needed questions, answer, probes.

    Args:
        answers: the learner's cells by question; a missing question is an empty cell.
        probes: other probe cells than the grader's.
        context: definitions that stand above the answer in the learner's notebook.
    """
    guard = (
        "from vislearn.grading import guard as _guard\n"
        f"_guard.install({list(lab.masked_modules)!r}, {list(lab.forbidden_calls)!r})\n"
        "del _guard"
    )
    plan = [Step("guard", guard), *(Step("setup", source) for source in lab.setup)]
    if context:
        plan.append(Step("context", context))
    for need in lab.closure(question):
        own = answers.get(need, [""])
        if lab.questions[question].needs_from == "reference":
            # A check bundle holds no solution; there the learner's own must do.
            own = lab.questions[need].solution or own
        plan += [Step("needs", source) for source in own]
    plan += [Step("learner", source) for source in answers.get(question, [""])]
    wanted = lab.questions[question].probes if probes is None else probes
    return [*plan, *(Step("probe", source) for source in wanted)]


def spoilt(step: Step, run: CellRun) -> bool:
    """Whether a context has ended the kernel or its time: begin again without it.

    It holds definitions from other questions' cells; what they do must not cost this
    question anything.
    """
    return step.stage == "context" and run.state not in ("ok", "error")


class Recorder:
    """Collects what the steps of one question yield, and shares out the time.

    Set-up has its own time; everything after it shares the question's deadline, of
    which a cell of the learner may use half.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.deadline = 0.0
        self.begin = 0.0
        self.measured = Measured()

    @property
    def over(self) -> bool:
        return self.measured.state in (*FATAL, "setup_failed")

    def seconds_for(self, step: Step) -> float:
        """How long this step may take, in seconds."""
        self.begin = self.begin or time.monotonic()
        if step.stage in ("guard", "setup"):
            return SETUP_SECONDS
        if not self.deadline:
            self.deadline = clock.now() + self.timeout
        left = max(0.1, self.deadline - clock.now())
        return left if step.stage == "probe" else min(left, self.timeout / 2)

    def take(self, step: Step, run: CellRun) -> None:
        """Keep what counts of one cell: values only of probes, the first failure."""
        measured = self.measured
        measured.seconds = round(time.monotonic() - (self.begin or time.monotonic()), 3)
        if step.stage == "probe":
            for payload in run.values:
                name = payload.get("name")
                if isinstance(name, str) and len(measured.values) < 200:
                    measured.values.setdefault(name[:200], []).append(payload)
        if run.state == "ok" or step.stage == "context":
            return  # the context is a courtesy: see `spoilt`
        if step.stage in ("guard", "setup"):
            measured.state = "setup_failed"
        elif measured.state in ("ok", "error") and run.state != "error":
            measured.state = run.state
        elif measured.state == "ok":
            measured.state = "error"
        if not measured.error_name or measured.state == "setup_failed":
            measured.stage = step.stage
            measured.error_name, measured.error_text = run.error_name, run.error_text


def kernel_settings(
    lab: Lab,
    secret: str,
    *,
    walls: str,
    language: str = "",
    question: str = "",
    folder: str = "",
) -> KernelSettings:
    """How the kernels of a lab start: its masks, its memory, its seeds."""
    names = [question] if question else list(lab.questions)
    seeds = {name: derive_seed(secret, name) for name in names}
    environment = {SEEDS_VARIABLE: json.dumps(seeds)}
    if language:
        environment["VISLEARN_LANG"] = language
    return KernelSettings(
        walls=walls,
        folder=folder,
        limits=Limits(memory_mb=lab.memory_budget_mb),
        masked_modules=lab.masked_modules,
        environment=environment,
    )


class TrustedRunner:
    """Runs our own answers, one after the other, in one kernel without walls.

    The namespace is emptied and the set-up runs again before every answer; a kernel
    that is lost is replaced. Only for code of the lab itself, or a learner's own code
    on the learner's own machine.
    """

    def __init__(self, lab: Lab, secret: str, language: str = "") -> None:
        self.lab = lab
        self.settings = kernel_settings(lab, secret, walls="none", language=language)
        self.kernel: GuardedKernel | None = None

    def __enter__(self) -> TrustedRunner:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.kernel is not None:
            self.kernel.stop()

    def run(
        self,
        question: str,
        answers: Mapping[str, Sequence[str]],
        probes: Iterable[str] | None = None,
        context: str = "",
    ) -> Measured:
        """Measure one question with these answers.

        Raises:
            ValueError: if the lab's own set-up fails.
        """
        recorder = Recorder(self.lab.question_timeout_s)
        for step in steps(self.lab, question, answers, probes, context):
            if recorder.over:
                break
            if step.stage == "guard":
                self._renew(step, recorder)
                continue
            run = self._kernel().run_cell(step.source, recorder.seconds_for(step))
            if spoilt(step, run):
                self._kernel().stop()
                return self.run(question, answers, probes)
            recorder.take(step, run)
        measured = recorder.measured
        if measured.state == "setup_failed":
            raise ValueError(
                f"the set-up of lab {self.lab.id} fails: "
                f"{measured.error_name}: {measured.error_text}"
            )
        return measured

    def _renew(self, guard: Step, recorder: Recorder) -> None:
        """An empty namespace, behind the guard."""
        if self.kernel is not None and self.kernel.is_alive():
            run = self.kernel.run_cell("get_ipython().reset(new_session=False)", 10.0)
            if run.state == "ok":
                self.kernel.forgive()
                return
        if self.kernel is not None:
            self.kernel.stop()
        self.kernel = GuardedKernel(self.settings)
        recorder.take(guard, self.kernel.run_cell(guard.source, SETUP_SECONDS))

    def _kernel(self) -> GuardedKernel:
        assert self.kernel is not None
        return self.kernel


def answers_of(lab: Lab) -> dict[str, tuple[str, ...]]:
    """The lab's own solutions, by question."""
    return {name: question.solution for name, question in lab.questions.items()}


def stubs_of(lab: Lab) -> dict[str, tuple[str, ...]]:
    """What an untouched release holds, by question."""
    return {name: question.stub for name, question in lab.questions.items()}
