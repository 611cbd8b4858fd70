"""
question: q2
ko: >-
  `reshape(B, h, T, Dh)` 한 번으로 헤드를 나누었습니다. 모양은 맞지만 숫자는 메모리
  순서대로 끊길 뿐이라, 헤드 0이 앞쪽 토큰 몇 개의 조각만 갖고 나머지 토큰은 보지
  못합니다. 먼저 `(B, T, h, Dh)`로 쪼개고 `transpose(1, 2)`를 하세요. 토큰을 섞으면
  출력이 달라지는 것으로도 알아챌 수 있습니다.
en: >-
  You split with a single `reshape(B, h, T, Dh)`. The shape fits, but the numbers are
  only cut in memory order, so head 0 holds pieces of the first few tokens and never
  sees the others. First cut to `(B, T, h, Dh)`, then `transpose(1, 2)`. Another
  symptom: shuffling the tokens changes the output.
"""


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, heads, T, D // heads)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    q, k, v = (x @ qkv_weight.T + qkv_bias).chunk(3, dim=-1)
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    out, _ = attention(q, k, v)
    return merge_heads(out) @ proj_weight.T + proj_bias
