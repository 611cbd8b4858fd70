"""Grading: labs, submissions, sandboxed runs, verdicts and reports.

The threat model in five lines:

* A submission is hostile until shown otherwise: it is read as untrusted JSON and
  its code runs only in a kernel inside a sandbox (`walls`).
* The kernel measures, the grader judges: probe cells *emit values* (`emit`) and
  the grader's process compares them (`checks`). No verdict, no expected value, no
  solution and no secret ever enters the kernel or its file system.
* Everything that comes back from a kernel is data (JSON under budgets), never
  code: there is no pickle on the way.
* Our own failures (no sandbox, no kernel) are "ungraded", never zero points.
* Not covered: bugs of the Linux kernel, side channels, and answers that a library
  other than the masked modules gives by one call.

Where things are: a lab (`lab`, `reference`, `release`, `selftest`) and a submission
(`submission`) become results (`batch`, `spread`, `shard`, `nbval_plugin`, `running`,
`walls`, `checks`), the results marks (`journal`, `term`, `people`), and the marks pages
(`pages`) and what other systems read (`exchange`).

Nothing here imports the rooms with models, and the grader's process needs no torch.
"""
