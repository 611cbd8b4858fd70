"""
question: q2
ko: >-
  합친 다음 출력 사영 `proj`를 빼먹었습니다. 헤드들의 답이 나란히 놓이기만 하고 서로
  섞이지 않습니다. 모양이 같아서 오류는 나지 않습니다.
en: >-
  After merging you forgot the output projection `proj`. The answers of the heads lie
  side by side and are never mixed. The shape is the same, so no error tells you.
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
    return merge_heads(out)
