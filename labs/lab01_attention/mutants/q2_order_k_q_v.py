"""
question: q2
ko: >-
  qkv에서 질의와 키의 순서를 바꾸었습니다. 점수 행렬이 전치되어, 토큰 i가 j를 보는
  정도와 j가 i를 보는 정도가 뒤바뀝니다. 처음 D행이 질의, 다음이 키, 마지막이
  값입니다.
en: >-
  You swapped query and key in qkv. The score matrix is transposed: how much token i
  looks at j trades places with how much j looks at i. The first D rows are the query,
  the next the key, the last the value.
"""


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).transpose(1, 2)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    k, q, v = (x @ qkv_weight.T + qkv_bias).chunk(3, dim=-1)
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    out, _ = attention(q, k, v)
    return merge_heads(out) @ proj_weight.T + proj_bias
