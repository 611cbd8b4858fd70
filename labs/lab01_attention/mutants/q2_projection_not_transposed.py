"""
question: q2
ko: >-
  `proj_weight`를 전치하지 않고 곱했습니다. 정사각 행렬이라 모양이 맞아 버립니다.
  PyTorch의 선형 층은 가중치를 (출력, 입력)으로 저장하므로 `x @ weight.T`입니다.
en: >-
  You multiply with `proj_weight` without the transpose. The matrix is square, so the
  shapes happen to fit. A linear layer of PyTorch stores its weight as (output,
  input): it computes `x @ weight.T`.
"""


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).transpose(1, 2)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    q, k, v = (x @ qkv_weight.T + qkv_bias).chunk(3, dim=-1)
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    out, _ = attention(q, k, v)
    return merge_heads(out) @ proj_weight + proj_bias
