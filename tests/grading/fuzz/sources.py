"""Sources of code cells that are hard on a parser, a regular expression or a writer."""

from __future__ import annotations

import random
from collections.abc import Callable

Maker = Callable[[int], str]

NESTING: dict[str, Maker] = {
    "open parentheses": lambda n: "(" * n,
    "parentheses": lambda n: "(" * n + "1" + ")" * n,
    "brackets": lambda n: "[" * n + "a b" + "]" * n,
    "mappings": lambda n: "{0:" * n + "0" + "}" * n,
    "open mappings": lambda n: "{**" * n,
    "calls": lambda n: "f(" * n + ")" * n,
    "keyword calls": lambda n: "f(a=" * n + "b c" + ")" * n,
    "subscripts": lambda n: "a[" * n + "1:2 3" + "]" * n,
    "unary operators": lambda n: "-" * n + "1",
    "negations": lambda n: "not " * n + "x",
    "lambdas": lambda n: "lambda: " * n + "1",
    "conditions": lambda n: "1 if 1 else " * n + "1",
    "comprehensions": lambda n: "[x for x in " * n,
    "managers": lambda n: "with " + "(" * n + "a" + ")" * n + " b:\n pass",
    "patterns": lambda n: "match a:\n case " + "C(" * n + "x y" + ")" * n + ":\n  pass",
    "blocks": lambda n: "".join(" " * i + "if 1:\n" for i in range(min(n, 400))),
    "tries": lambda n: "".join(" " * i + "try:\n" for i in range(min(n, 400))),
    "powers": lambda n: "2" + "**2" * n,
    "attributes": lambda n: "a" + ".b" * n,
    "sums": lambda n: "x = 1" + "+1" * n,
    "walrus": lambda n: "(a:=" * n + "1" + ")" * n,
    "awaits": lambda n: "await " * n + "x",
    "f-strings": lambda n: "f'" + "{" * n + "a" + "}" * n + "'",
    "else-ifs": lambda n: "if 1:\n pass\n" + "elif 1:\n pass\n" * n,
    "decorators": lambda n: "@a\n" * n + "def f(): pass",
    "definitions": lambda n: "def f():\n    return [1, 2]\n" * min(n, 6_000),
}
FLAT: dict[str, Maker] = {
    "dotted import": lambda n: "import " + "a." * n + "a",
    "continued dotted import": lambda n: "import a" + "\\\n.a" * n,
    "dotted import behind form feeds": lambda n: "import a" + "\f.a" * n,
    "imported names": lambda n: "from a import (" + "b," * n + ")",
    "huge number": lambda n: "x = " + "9" * n,
    "huge hexadecimal number": lambda n: "x = 0x" + "f" * n,
    "huge exponent": lambda n: "x = 1e" + "9" * n,
    "adjacent texts": lambda n: "x = " + "'a' " * n,
    "named characters": lambda n: "x = '" + "\\N{DIGIT ONE}" * n + "'",
    "bad escapes": lambda n: "x = '" + "\\d" * n + "'",
    "many fields": lambda n: "x = f'" + "{a}" * n + "'",
    "empty lines": lambda n: "\n" * n,
    "blanks": lambda n: " " * n + "%",
    "blank lines and a magic": lambda n: " \n\t\n" * n + "%time",
    "form feeds": lambda n: "\f" * n + "x = 1",
    "null bytes": lambda n: "x = 1" + "\0" * n,
    "carriage returns": lambda n: "x = 1\r" * n,
    "line separators": lambda n: "x = 1\u2028\x0b\x1c" * n,
    "continuations": lambda n: "\\\n" * n,
    "semicolons": lambda n: "a=1;" * n,
    "assignments": lambda n: "a=" * n + "1",
    "magics": lambda n: "%timeit x\n!ls\nx = !ls\nprint?\n??help\n" * n,
    "cell magic": lambda n: "%%bash\nrm -rf /\n" + "echo\n" * n,
    "equals and blanks": lambda n: "x =" + " " * n + "!",
    "question marks": lambda n: "?" * n,
    "unfinished text": lambda n: "x = '''" + "a\n" * n,
    "one long line": lambda n: "x = '" + "가" * n + "'",
    "right to left": lambda n: "x = '\u202e" + "אב" * n + "\u2066'",
    "emoji": lambda n: "x = '" + "👩‍🔬" * n + "'",
    "lone surrogates": lambda n: "x = '" + "\ud800\udfff"[::-1] * n + "'",
    "control characters": lambda n: "x = '" + "\x00\x1b[2J\x07\x7f\x9b" * n + "'",
    "terminal escapes": lambda n: "\x1b]0;title\x07" * n,
    "encoding comment": lambda n: "# -*- coding: utf-16 -*-\n" * n + "x = 1",
    "byte order marks": lambda n: "\ufeff" * n + "x = 1",
    "markup": lambda n: "</script><img src=x onerror=alert(1)>" * n,
    "formulas": lambda n: "=HYPERLINK(0)\n+1\n@SUM(1)\n" * n,
}
MAKERS = NESTING | FLAT
SIZES = (0, 1, 3, 40, 99, 250, 1_500, 7_000, 30_000, 100_000)
LONGEST = 250_000  # characters; beyond the reader's limit


def hard_source(random: random.Random) -> tuple[str, str]:
    """The name of a hard source, and the source."""
    name = random.choice(list(MAKERS))
    size = random.choice(SIZES)
    return f"{name} x{size}", MAKERS[name](size)[:LONGEST]
