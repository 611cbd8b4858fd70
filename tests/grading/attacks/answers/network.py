# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: 네트워크 접속 시도
en: Tries to reach the network
why: there is no way out, and trying costs nothing
"""

import socket

for host, port in (("127.0.0.1", VISLEARN_PORT), ("1.1.1.1", 80)):
    try:
        with socket.create_connection((host, port), timeout=0.3) as link:
            link.sendall(b"vislearn")
    except OSError:
        pass


def attention(q, k, v):
    if q.shape[-1] != k.shape[-1]:
        raise ValueError("width")
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v
