# ruff: noqa
"""
points: 6
why: messages that the learner signs are still only data
"""


def attention(q, k, v):
    kernel = get_ipython().kernel
    for status in ("ok", "idle"):
        kernel.session.send(
            kernel.iopub_socket,
            "status",
            {"execution_state": "idle"},
            parent=kernel.get_parent("shell"),
            ident=b"status",
        )
    return np.zeros((len(q), v.shape[1]))
