# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 6
ko: HTML 이름과 100 MB 문구를 지닌 예외
en: An exception with HTML for a name and 100 MB of text
why: neither gets into a report
"""


def attention(q, k, v):
    name = "<script>alert('vislearn')</script>" * 1000
    raise type(name, (Exception,), {})("=cmd|' /C calc'!A0\n" + "x" * 10**8)
