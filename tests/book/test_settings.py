"""The two languages' settings come from one file and one overlay."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from vislearn.course import settings

REPOSITORY = Path(__file__).parents[2]
LANGS = ("ko", "en")


def test_every_caption_of_the_table_of_contents_has_english():
    korean = settings.toc_for(REPOSITORY, "ko")
    english = settings.toc_for(REPOSITORY, "en")

    for one, other in zip(korean["parts"], english["parts"], strict=True):
        assert other["caption"].isascii()
        assert one["chapters"] == other["chapters"]


def test_a_caption_without_english_is_named(course: Path):
    toc = (course / "_toc.yml").read_text(encoding="utf-8")
    (course / "_toc.yml").write_text(toc.replace("부록", "덧붙임"), encoding="utf-8")

    with pytest.raises(ValueError, match="덧붙임"):
        settings.toc_for(course, "en")


def test_every_page_of_the_table_of_contents_exists():
    toc = settings.toc_for(REPOSITORY, "ko")

    assert all(p.is_file() for p in settings.chapter_sources(REPOSITORY, toc).values())


def test_a_page_that_does_not_exist_is_named(course: Path):
    (course / "book" / "01_sample.md").unlink()

    with pytest.raises(FileNotFoundError, match=r"book/01_sample\.md"):
        settings.chapter_sources(course, settings.toc_for(course, "ko"))


def test_an_overlay_changes_only_what_it_names():
    korean = settings.config_for(REPOSITORY, "ko", LANGS)
    english = settings.config_for(REPOSITORY, "en", LANGS)

    assert korean["sphinx"]["config"]["language"] == "ko"
    assert english["sphinx"]["config"]["language"] == "en"
    assert english["title"].isascii()
    assert english["parse"] == korean["parse"]
    ours = english["sphinx"]["config"]["html_theme_options"]
    assert ours["navbar_persistent"] == []
    assert "toc_captions" not in english


def test_hangul_is_left_in_no_english_setting():
    text = yaml.safe_dump(
        settings.config_for(REPOSITORY, "en", LANGS), allow_unicode=True
    )

    assert not [c for c in text if "가" <= c <= "힣"]


def test_a_preview_keeps_only_the_chosen_chapters(course: Path):
    toc = settings.toc_for(course, "en", only=["01_sample"])

    assert settings.pages(toc) == ["book/index", "book/01_sample"]


def test_an_unknown_chapter_is_named(course: Path):
    with pytest.raises(ValueError, match=r"01_simple.*book/01_sample"):
        settings.toc_for(course, "ko", only=["01_simple"])
