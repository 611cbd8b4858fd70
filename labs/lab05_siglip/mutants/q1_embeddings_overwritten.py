"""
question: q1
ko: >-
  `images /= ...`는 받은 임베딩 자체를 고칩니다. 부른 쪽의 텐서가 말없이 바뀌고,
  기울기가 필요한 텐서에서는 자동 미분이 오류를 냅니다. 새 텐서를 만드세요.
en: >-
  `images /= ...` changes the embeddings that you were given. The caller's tensors
  change behind its back, and where gradients are needed automatic differentiation
  raises an error. Make new tensors.
"""

import torch
import torch.nn.functional as F


def pair_logits(images, texts, t_prime, bias):
    images /= images.norm(dim=-1, keepdim=True)
    texts /= texts.norm(dim=-1, keepdim=True)
    cosine = images @ texts.T
    return t_prime.exp() * cosine + bias


def sigmoid_loss(images, texts, t_prime, bias):
    logits = pair_logits(images, texts, t_prime, bias)
    labels = 2 * torch.eye(len(logits), dtype=logits.dtype) - 1
    return -F.logsigmoid(labels * logits).sum() / len(logits)
