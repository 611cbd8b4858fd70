"""
question: q1
ko: n - 1로 나눈 분산을 썼습니다. 여기서는 n으로 나눕니다(correction=0).
en: You divided by n - 1 in the variance. Here it is n (correction=0).
"""


def standardise(x):
    return (x - x.mean(-1, keepdim=True)) / x.var(-1, keepdim=True).sqrt()
