"""
question: q2
ko: >-
  헤드로 나누지 않고 너비 D 전체로 어텐션을 한 번만 했습니다. 출력의 모양은 같지만
  모든 채널이 같은 가중치를 나누어 쓰므로, 토큰이 서로 다른 질문 h개를 할 수 없습니다.
  `attention`을 부르기 **전에** 나누어야 합니다.
en: >-
  You run attention once over the full width D without splitting into heads. The
  output has the same shape, but all channels share the same weights, so a token
  cannot ask h different questions. Split **before** calling `attention`.
"""


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).transpose(1, 2)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    q, k, v = (x @ qkv_weight.T + qkv_bias).chunk(3, dim=-1)
    out, _ = attention(q, k, v)
    return out @ proj_weight.T + proj_bias
