"""
question: q2
ko: >-
  qkv의 행이 헤드별로 [q, k, v]씩 묶여 있다고 보고 `(B, T, h, 3, Dh)`로 쪼갰습니다.
  그렇게 저장하는 모델도 있지만, 여기서는 3이 바깥쪽입니다: `(B, T, 3, h, Dh)`. 헤드가
  1개일 때만 둘이 같습니다.
en: >-
  You took the rows of qkv to be grouped as [q, k, v] for each head and cut to `(B, T,
  h, 3, Dh)`. Some models store them like this, but here the 3 is outermost: `(B, T,
  3, h, Dh)`. Only with a single head are the two the same.
"""


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).transpose(1, 2)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    B, T, D = x.shape
    qkv = (x @ qkv_weight.T + qkv_bias).reshape(B, T, heads, 3, D // heads)
    q, k, v = qkv.permute(3, 0, 2, 1, 4)
    out, _ = attention(q, k, v)
    return merge_heads(out) @ proj_weight.T + proj_bias
