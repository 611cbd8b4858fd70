"""Covers, in the sandbox, a module that a lab asks the learner to write."""

raise ImportError(
    f"{__name__} is what this lab asks you to write; "
    "it cannot be imported while grading"
)
