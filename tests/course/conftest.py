# ruff: noqa: E501 (prose of the sample chapter)
"""A small course in a temporary folder: one good chapter, accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from vislearn.course.lock import accept
from vislearn.course.site import Course
from vislearn.course.source import read

HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
CHAPTER = (
    HEADER
    + """
+++ {"lang": "ko"}

(sec-good)=
# 패치

이미지를 {term}`patch`로 자릅니다 {cite}`dosovitskiy2021vit`. 패치는 16 픽셀이고 `N`은 196입니다.

```{admonition} 목표
:class: tip

- 하나
- 둘
```

+++ {"lang": "en"}

(sec-good)=
# Patches

An image is cut into {term}`patch`es {cite}`dosovitskiy2021vit`. A patch has 16 pixels and `N` is 196.

```{admonition} Goals
:class: tip

- one
- two
```

+++

$$ N = HW / P^2 $$

```{code-cell} python
---
tags: [nbval-check-output]
---
print(14 * 14)
```

+++ {"role": "expected-output"}

```text
196
```

+++ {"lang": "ko"}

## 셀프 어텐션

학습에는 4억 쌍을 썼고 $d = 64$입니다. [코드](https://example.org/code)와 {ref}`sec-good`을 보십시오. 값은 {fact}`vit_b16.tokens`입니다.

| 이름 | 수 |
|---|---|
| 작은 것 | 1,000 |

```{mermaid}
flowchart LR
  accTitle: 그림
  accDescr: 두 상자
  A["픽셀"] --> B["토큰"]
```

```{exercise}
:label: ex-one

2 × 3은 얼마입니까?
```

```{solution} ex-one
:class: dropdown

6입니다.
```

+++ {"lang": "en"}

## Self-attention

Training used 400 million pairs, and $d = 64$. See the [code](https://example.org/code) and {ref}`sec-good`. The value is {fact}`vit_b16.tokens`.

| name | number |
|---|---|
| a small one | 1000 |

```{mermaid}
flowchart LR
  accTitle: A drawing
  accDescr: Two boxes
  A["pixel"] --> B["token"]
```

```{exercise}
:label: ex-one

What is 2 × 3?
```

```{solution} ex-one
:class: dropdown

It is 6.
```

+++

```{code-cell} python
show.label("fig-a", draw, alt_ko="그림", alt_en="a picture")
```
"""
)
FILES = {
    "_config.yml": (
        "repository: {url: https://example.org/r}\n"
        "html: {baseurl: https://example.org}\n"
    ),
    "_toc.yml": "format: jb-book\nroot: book/02_good\n",
    "book/references.bib": (
        "@article{dosovitskiy2021vit, title={An Image}, year={2021}, "
        "author={Dosovitskiy, Alexey and Beyer, Lucas and Kolesnikov, Alexander}}\n"
    ),
    "book/glossary.yml": (
        'patch: {ko: 패치, en: patch, since: "02",'
        " definition: {ko: 조각입니다., en: A piece.}}\n"
        'self-attention: {ko: 셀프 어텐션, en: self-attention, since: "02",'
        " banned: [자기 관심], definition: {ko: 연산입니다., en: An operation.}}\n"
        'transformer: {ko: 트랜스포머, en: transformer, since: "02",'
        " banned: [변압기], definition: {ko: 모델입니다., en: A model.}}\n"
    ),
    "book/facts.yml": "vit_b16.tokens: {value: 1197, source: arithmetic}\n",
}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course whose only chapter is right."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "book" / "dot.png").write_bytes(b"\x89PNG")
    chapter = tmp_path / "book" / "02_good.md"
    chapter.write_text(CHAPTER, encoding="utf-8")
    accept(read(chapter), tmp_path)
    return Course(tmp_path)
