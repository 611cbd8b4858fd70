# ruff: noqa
# mypy: ignore-errors
"""
kind: honest
points: 10
ko: 한글 이름과 이모지로 쓴 맞는 답안
en: A right answer written in Korean, with emoji
why: identifiers and text are Unicode
"""


def 주의(질의, 열쇠, 값):
    """🙂 질의 하나마다 값의 가중 평균을 구합니다."""
    if 질의.shape[-1] != 열쇠.shape[-1]:
        raise ValueError(f"너비가 다릅니다 🙁: {질의.shape[-1]} ≠ {열쇠.shape[-1]}")
    return softmax(질의 @ 열쇠.T / np.sqrt(질의.shape[-1])) @ 값


attention = 주의
print("끝났습니다 🎉")
