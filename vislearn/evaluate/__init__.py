"""Measuring what a model can do."""

from vislearn.evaluate.classification import accuracy, confusion, predict

__all__ = ["accuracy", "confusion", "predict"]
