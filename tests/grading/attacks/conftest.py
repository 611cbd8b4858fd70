"""The modules of the attack suite import one another by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
