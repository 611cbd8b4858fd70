# ruff: noqa
# mypy: ignore-errors
"""
kind: honest
points: 10
ko: 위젯 메시지와 끝없는 진행 막대
en: Messages of widgets and a busy progress bar
why: other messages than values are counted and ignored
"""

import sys

VISLEARN_RIGHT


_kernel = get_ipython().kernel
for _number in range(100):
    _content = {"comm_id": f"c{_number}", "target_name": "jupyter.widget", "data": {}}
    _kernel.session.send(_kernel.iopub_socket, "comm_open", _content)
    sys.stderr.write(f"\r{_number} / 100")
    sys.stderr.flush()
