"""
question: q2
ko: >-
  `qkv_bias`를 더하지 않았습니다. 특히 질의의 편향은 모든 토큰이 공통으로 던지는
  질문이 되므로, 빠지면 가중치가 달라집니다.
en: >-
  You did not add `qkv_bias`. The bias of the query acts as a question that every
  token asks; without it the weights change.
"""


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).transpose(1, 2)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    q, k, v = (x @ qkv_weight.T).chunk(3, dim=-1)
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    out, _ = attention(q, k, v)
    return merge_heads(out) @ proj_weight.T + proj_bias
