# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: 서명 없는 쓰레기 메시지
en: Unsigned garbage on the kernel's sockets
why: what cannot be read is noise, and nothing is lost
peers: own channel
"""

import os

VISLEARN_RIGHT


_kernel = get_ipython().kernel
for _number in range(200):
    try:
        _kernel.iopub_thread.send_multipart([os.urandom(50) for _ in range(7)])
        _kernel.session.send(
            _kernel.iopub_socket, "display_data", {"data": 7, "metadata": None}
        )
    except Exception:
        break
