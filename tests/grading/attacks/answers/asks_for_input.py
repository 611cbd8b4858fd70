# ruff: noqa
# mypy: ignore-errors
"""
kind: honest
points: 10
ko: 답안 뒤의 input()
en: An input() behind the answer
why: nobody types while grading, and the answer is already defined
"""

VISLEARN_RIGHT


print("Hello, " + input("이름? "))
