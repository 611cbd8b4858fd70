from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="module")
def solved(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Names after the solutions of the lab that the test module calls WORK."""
    return request.module.WORK.namespace()
