# ruff: noqa
"""
points: 6
why: output has a budget
"""

while True:
    print("x" * 100_000)
