# ruff: noqa
# mypy: ignore-errors
"""
kind: honest
points: 10
ko: 답안 뒤의 exit
en: An exit behind the answer
why: IPython's exit is an honest slip
"""

VISLEARN_RIGHT


exit
