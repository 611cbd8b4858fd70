"""
question: q1
ko: >-
  `x /= ...`는 받은 임베딩 자체를 고칩니다. 부른 쪽의 텐서가 말없이 바뀌고, 기울기가
  필요한 텐서에서는 자동 미분이 오류를 냅니다. `x / ...`로 새 텐서를 만드세요.
en: >-
  With `x /= ...` you change the embeddings themselves. The caller's tensor changes
  behind its back, and where gradients are needed automatic differentiation raises an
  error. Make a new tensor with `x / ...`.
"""


def unit(x):
    x /= x.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    return x


def compare(image, text, logit_scale):
    return logit_scale.exp() * unit(image) @ unit(text).T
