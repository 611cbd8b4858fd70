"""The texts that the bilingual vocabulary was learned from.

    python tests/tokenizers/course_texts.py    learn it anew and write the file

Do so only when the texts have changed and no trained model depends on the old ids.
"""

from vislearn.data.images import emoji
from vislearn.data.shapes import World
from vislearn.tokenizers.bilingual import VOCABULARY, learn


def captions() -> dict[str, list[str]]:
    """Captions of 500 scenes of one to three objects, in all three kinds."""
    world = World(size=16, difficulty="hard", objects=(1, 3))
    batch = world.sample(500, seed=0)
    return {
        language: [
            caption
            for kind in ("phrase", "sentence", "list")
            for caption in batch.captions(language, kind)
        ]
        for language in ("ko", "en")
    }


def names() -> dict[str, list[str]]:
    """The names of all emoji of the course."""
    return {language: list(found) for language, found in emoji(8).names.items()}


def course_texts() -> list[str]:
    """Everything, Korean first."""
    return [text for kind in (captions(), names()) for texts in kind.values()
            for text in texts]  # fmt: skip


if __name__ == "__main__":
    learn(course_texts()).save(VOCABULARY)
    print(f"{VOCABULARY}: {VOCABULARY.stat().st_size} bytes")
