"""Measuring what a model can do."""

from vislearn.evaluate.classification import accuracy, confusion, predict
from vislearn.evaluate.retrieval import (
    SameGroup,
    choice_accuracy,
    median_rank,
    nearest,
    ranks,
    recall_at_k,
)
from vislearn.evaluate.zero_shot import (
    TEMPLATES,
    classifier,
    zero_shot_accuracy,
    zero_shot_confusion,
    zero_shot_logits,
)

__all__ = [
    "TEMPLATES",
    "SameGroup",
    "accuracy",
    "choice_accuracy",
    "classifier",
    "confusion",
    "median_rank",
    "nearest",
    "predict",
    "ranks",
    "recall_at_k",
    "zero_shot_accuracy",
    "zero_shot_confusion",
    "zero_shot_logits",
]
