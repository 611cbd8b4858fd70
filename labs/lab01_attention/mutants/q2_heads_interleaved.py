"""
question: q2
ko: >-
  채널을 번갈아 나누었습니다: 헤드 0이 채널 0, h, 2h, …를 갖습니다(`reshape(B, T, Dh,
  h)`). 나누고 합치면 원래대로 돌아오니 틀린 줄 모르기 쉽지만, 저장된 가중치는
  헤드마다 **이어진** Dh개의 채널을 쓰기로 약속했으므로 체크포인트를 읽으면 답이
  달라집니다.
en: >-
  You deal the channels out in turn: head 0 gets channels 0, h, 2h, … (`reshape(B, T,
  Dh, h)`). Splitting and merging still undo each other, which hides the mistake. But
  stored weights promise each head Dh **adjacent** channels, so a loaded checkpoint
  gives a different answer.
"""


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, D // heads, heads).permute(0, 3, 1, 2)


def merge_heads(x):
    return x.permute(0, 2, 3, 1).flatten(2)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    q, k, v = (x @ qkv_weight.T + qkv_bias).chunk(3, dim=-1)
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    out, _ = attention(q, k, v)
    return merge_heads(out) @ proj_weight.T + proj_bias
