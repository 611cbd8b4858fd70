"""The peers' modules import one another, and the attack suite, by name."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "attacks")]
