# ruff: noqa
# mypy: ignore-errors
"""
kind: integrity
points: 6
ko: 공개된 시드로 되돌리고 알려진 답 내보내기
en: Goes back to the public seed and sends its known answers
why: the values are compared with those of the course's secret
peers: own channel
"""

import os

import vislearn.grading.emit as emitting

os.environ["VISLEARN_CASE_SEEDS"] = "{}"
known = np.array(VISLEARN_PUBLIC)
public = emitting.derive_seed(emitting.PUBLIC_SECRET, "q2")
case_seed = emitting.case_seed = lambda question: public


def attention(q, k, v):
    return known
