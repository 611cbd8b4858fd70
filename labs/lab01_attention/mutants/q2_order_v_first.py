"""
question: q2
ko: >-
  qkv를 값, 질의, 키 순서로 읽었습니다. 값을 평균해야 하는데 키를 평균했습니다. 질의가
  0일 때 모든 토큰이 값들의 평균을 얻는지 보면 바로 드러납니다.
en: >-
  You read qkv as value, query, key, so you average the keys instead of the values.
  The test with queries of 0 shows it at once: every token should get the mean of the
  values.
"""


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).transpose(1, 2)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    v, q, k = (x @ qkv_weight.T + qkv_bias).chunk(3, dim=-1)
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    out, _ = attention(q, k, v)
    return merge_heads(out) @ proj_weight.T + proj_bias
