"""
question: q4
ko: >-
  글은 틀을 바깥, 이름을 안쪽 고리로 만들었는데 `(종류, 틀)`로 나누었습니다. 모양은
  맞지만 한 행에 여러 종류의 글이 섞입니다. 글을 만든 순서와 나누는 순서가 같아야
  합니다.
en: >-
  The texts were made with templates in the outer loop and names in the inner one, but
  cut as if it were the other way. The shape is right, and each row mixes several
  classes.
"""


def fill(template, name):
    for particle in PARTICLES:
        place = "{" + particle + "}"
        if place in template:
            template = template.replace(place, with_particle(name, particle))
    return template.replace("{}", name)


def zero_shot_classifier(encode, names, templates):
    texts = [fill(template, name) for template in templates for name in names]
    prompts = unit(encode(texts)).reshape(len(names), len(templates), -1)
    return unit(prompts.mean(dim=1))


def classify(image, classifier):
    return (image @ classifier.T).argmax(dim=1)
