"""
question: q2
ko: >-
  합칠 때 `transpose`를 빼먹고 `reshape`만 했습니다. 모양은 `(B, T, D)`로 맞지만, 토큰
  하나의 벡터에 다른 토큰의 숫자가 섞여 들어갑니다. 나눌 때 축을 바꾸었다면 합치기
  전에 되돌려야 합니다.
en: >-
  When merging you forgot the `transpose` and only reshaped. The shape `(B, T, D)`
  fits, but the vector of a token now contains numbers of other tokens. The axes that
  you swapped for splitting have to be swapped back before merging.
"""


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).transpose(1, 2)


def merge_heads(x):
    B, h, T, Dh = x.shape
    return x.reshape(B, T, h * Dh)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    q, k, v = (x @ qkv_weight.T + qkv_bias).chunk(3, dim=-1)
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    out, _ = attention(q, k, v)
    return merge_heads(out) @ proj_weight.T + proj_bias
