"""Results of `experiments/`, wherever the library was installed.

In a checkout they lie in `experiments/results/`; a wheel puts them under
`share/vislearn/experiments/` of the environment.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PLACES = (
    Path(__file__).resolve().parents[2] / "experiments" / "results",
    Path(sys.prefix) / "share" / "vislearn" / "experiments",
)


def recorded(name: str) -> dict[str, Any]:
    """What `experiments/<name>.py` wrote: settings, versions, date and runs.

    Raises:
        ValueError: if there is no such result.
    """
    for place in PLACES:
        path = place / f"{name}.json"
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
    known = sorted({path.stem for place in PLACES for path in place.glob("*.json")})
    raise ValueError(f"no recorded result {name!r}; there are {', '.join(known)}")
