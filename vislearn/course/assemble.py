"""Two trees of pages become one site, and replace the earlier one in one step."""

from __future__ import annotations

import html
import shutil
from pathlib import Path

TITLES = {"ko": "vislearn: 픽셀에서 토큰으로", "en": "vislearn: from pixels to tokens"}
NAMES = {"ko": "한국어", "en": "English"}
_NOT_PUBLISHED = shutil.ignore_patterns(".buildinfo*", "_sources", "index.html.bak")


def assemble(trees: dict[str, Path], site: Path, home: str = "book/index") -> None:
    """Copy the languages' pages beside each other and swap the site.

    The earlier site stays until the new one is complete.

    Args:
        trees: language to the folder that Sphinx wrote.
        site: folder of the site, made or replaced.
        home: docname of the first page.
    """
    fresh, old = site.with_name(site.name + ".new"), site.with_name(site.name + ".old")
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    for lang, tree in trees.items():
        shutil.copytree(tree, fresh / lang, ignore=_NOT_PUBLISHED)
        (fresh / lang / "index.html").write_text(
            _moved(lang, f"{home}.html"), encoding="utf-8"
        )
    (fresh / "index.html").write_text(front_page(list(trees), home), encoding="utf-8")
    (fresh / ".nojekyll").touch()  # GitHub Pages would hide folders like _static
    if site.exists():
        site.rename(old)
    fresh.rename(site)
    shutil.rmtree(old, ignore_errors=True)


def front_page(languages: list[str], home: str) -> str:
    """Send readers to their language; those without scripts find links."""
    links = "\n".join(
        f'<li><a lang="{lang}" hreflang="{lang}" href="{lang}/{home}.html">'
        f"{html.escape(TITLES[lang])} ({NAMES[lang]})</a></li>"
        for lang in languages
    )
    script = ""
    if len(languages) > 1:
        script = f"""<script>
const wanted = (navigator.languages || [navigator.language]).map((l) => l.slice(0, 2));
const found = wanted.find((l) => {languages}.includes(l)) || "en";
location.replace(found + "/{home}.html");
</script>"""
    lang = languages[0]
    return f"""<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{" · ".join(TITLES[lang] for lang in languages)}</title>
<style>
body {{ font: 1.125rem/1.75 system-ui, sans-serif; margin: 20vh auto; max-width: 24rem;
  padding: 0 1rem; color-scheme: light dark; }}
</style>
{script}
</head>
<body>
<main>
<h1>vislearn</h1>
<ul>
{links}
</ul>
</main>
</body>
</html>
"""


def _moved(lang: str, target: str) -> str:
    title = html.escape(TITLES[lang])
    return f"""<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={target}">
<title>{title}</title>
</head>
<body><main><h1><a href="{target}">{title}</a></h1></main></body>
</html>
"""
