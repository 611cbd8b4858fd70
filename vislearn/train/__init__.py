"""Training: how long (scale), how repeatable (seed), how exact, and the loop."""

from vislearn.train.loop import History, fit, parameter_groups
from vislearn.train.mixed import Precision, precision
from vislearn.train.recorded import recorded
from vislearn.train.scales import Scale, scale
from vislearn.train.schedule import cosine_schedule
from vislearn.train.seed import seed_everything

__all__ = [
    "History",
    "Precision",
    "Scale",
    "cosine_schedule",
    "fit",
    "parameter_groups",
    "precision",
    "recorded",
    "scale",
    "seed_everything",
]
