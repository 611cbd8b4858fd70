# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: 끝없이 출력하기
en: Prints without end
why: output has a budget
reasons: [output_limit, memory_limit]
"""

while True:
    print("x" * 100_000)
