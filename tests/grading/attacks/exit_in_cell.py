# ruff: noqa
"""
points: 6
why: the kernel dies while the answer runs
"""

import os

os._exit(0)
