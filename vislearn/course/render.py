"""MyST prose as plain Markdown that JupyterLab, Colab and VS Code show properly.

Directives become block quotes, `<details>` or fences; roles become text or links into
the published book. Fences are found as markdown-it tokens, at any depth; only their
lines are rewritten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin

from vislearn.course.inline import Span, replace_spans
from vislearn.course.library import find_source
from vislearn.course.quiz import parse_quiz
from vislearn.course.site import Course

TITLES = {
    "note": ("참고", "Note"),
    "tip": ("도움말", "Tip"),
    "hint": ("힌트", "Hint"),
    "warning": ("주의", "Warning"),
    "important": ("중요", "Important"),
    "caution": ("조심", "Caution"),
    "attention": ("주의", "Attention"),
    "danger": ("위험", "Danger"),
    "seealso": ("함께 보기", "See also"),
    "exercise": ("연습", "Exercise"),
    "solution": ("해답", "Solution"),
    "quiz": ("퀴즈", "Quiz"),
    "bibliography": ("참고 문헌", "References"),
}


@dataclass(frozen=True)
class Directive:
    """A directive taken apart."""

    name: str
    argument: str
    options: dict[str, str]
    body: str

    @classmethod
    def read(cls, token: Token) -> Directive:
        name, _, argument = token.info.strip().partition("}")
        lines = token.content.splitlines()
        options: dict[str, str] = {}
        while lines and lines[0].startswith(":") and ":" in lines[0][1:]:
            key, _, value = lines.pop(0)[1:].partition(":")
            options[key.strip()] = value.strip()
        body = "\n".join(lines).strip("\n")
        return cls(name.lstrip("{"), argument.strip(), options, body)


class Renderer:
    """Turns the prose of one document into plain Markdown in one language.

    Exercises are numbered in the order in which they are met, so one renderer serves
    one document from top to bottom.
    """

    def __init__(self, course: Course, lang: str) -> None:
        self.course = course
        self.lang = lang
        self.exercises: dict[str, int] = {}
        self.cited: list[str] = []

    def render(self, text: str) -> str:
        """Plain Markdown for a piece of MyST prose."""
        lines = text.splitlines()
        parts: list[str] = []
        position = 0
        for token in self._rewritten(text):
            begin, end = token.map or (0, 0)
            if begin < position:  # inside one that was already rewritten
                continue
            parts.append(self._inline("\n".join(lines[position:begin])))
            first = lines[begin]
            indent = first[: len(first) - len(first.lstrip())]
            block = self._block(token, "\n".join(lines[begin:end]))
            parts.append("\n".join(f"{indent}{line}".rstrip() for line in block))
            position = end
        parts.append(self._inline("\n".join(lines[position:])))
        return "\n".join(part for part in parts if part).strip("\n")

    def _rewritten(self, text: str) -> list[Token]:
        """Fences, targets and comments, in the order of the text."""
        reader = MarkdownIt("commonmark")
        for plugin in (myst_block_plugin, colon_fence_plugin):
            reader = reader.use(plugin)
        kinds = ("fence", "colon_fence", "myst_target", "myst_line_comment")
        return [token for token in reader.parse(text) if token.type in kinds]

    def _block(self, token: Token, source: str) -> list[str]:
        if token.type in ("myst_target", "myst_line_comment"):
            return []
        if not token.info.strip().startswith("{"):
            return source.splitlines()
        directive = Directive.read(token)
        convert: dict[str, Callable[[Directive], str]] = {
            "mermaid": lambda d: f"```mermaid\n{d.body}\n```",
            "math": lambda d: f"$$\n{d.body}\n$$",
            "vl-source": self._library,
            "exercise": self._exercise,
            "solution": self._solution,
            "dropdown": lambda d: self._fold(d.argument, d.body),
            "quiz": self._quiz,
            "figure": self._image,
            "image": self._image,
            "bibliography": self._references,
        }
        return convert.get(directive.name, self._quote)(directive).splitlines()

    def _quote(self, directive: Directive) -> str:
        name = directive.name
        title = directive.argument if name not in TITLES else self._title(name)
        if name in TITLES and directive.argument:
            body = f"{directive.argument}\n{directive.body}"
        else:
            body = directive.body
        return self._quoted(title, body)

    def _quoted(self, title: str, body: str) -> str:
        heading = [f"**{self._inline(title)}**", ""] if title else []
        rows = [*heading, *self.render(body).splitlines()]
        return "\n".join(f"> {row}".rstrip() for row in rows)

    def _fold(self, title: str, body: str) -> str:
        inside = self.render(body)
        summary = self._inline(title)
        return f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>\n"

    def _exercise(self, directive: Directive) -> str:
        number = len(self.exercises) + 1
        self.exercises[directive.options.get("label", str(number))] = number
        name = f"{self._title('exercise')} {number}"
        title = f"{name} ({directive.argument})" if directive.argument else name
        return self._quoted(title, directive.body)

    def _solution(self, directive: Directive) -> str:
        number = self.exercises.get(directive.argument, "")
        return self._fold(f"{self._title('solution')} {number}".strip(), directive.body)

    def _quiz(self, directive: Directive) -> str:
        quiz = parse_quiz(directive.body.splitlines())
        question = "\n".join(quiz.question).strip()
        choices = "\n".join(f"- {choice.label}" for choice in quiz.choices)
        answers = [
            f"- {'✓' if choice.right else '✗'} {choice.label} "
            + " ".join(line.strip() for line in choice.why)
            for choice in quiz.choices
        ]
        after = "\n".join(quiz.after).strip()
        folded = self._fold(self._title("solution"), "\n".join([*answers, "", after]))
        asked = self._quoted(self._title("quiz"), f"{question}\n\n{choices}")
        return f"{asked}\n\n{folded}"

    def _image(self, directive: Directive) -> str:
        alt = directive.options.get("alt", "")
        caption = f"\n\n*{self._inline(directive.body)}*" if directive.body else ""
        return f"![{alt}]({directive.argument}){caption}"

    def _library(self, directive: Directive) -> str:
        name = ".".join(
            filter(None, [directive.argument, directive.options.get("part")])
        )
        found = find_source(self.course.root, name, "nodoc" in directive.options)
        where = found.path.as_posix()
        url = f"{self.course.repository}/blob/main/{where}#L{found.first}-L{found.last}"
        return f"[`{where}`]({url})\n\n```python\n{found.text}\n```"

    def _references(self, directive: Directive) -> str:
        rows = []
        for key in self.cited:
            entry = self.course.citations[key]
            names = [" ".join(p.last_names) for p in entry.persons.get("author", [])]
            authors = ", ".join(names[:3]) + (" et al." if len(names) > 3 else "")
            title = entry.fields["title"].replace("{", "").replace("}", "")
            rows.append(f"- {authors} ({entry.fields['year']}). {title}.")
        return "\n".join(rows)

    def _title(self, name: str) -> str:
        return TITLES[name][self.lang == "en"]

    def _inline(self, text: str) -> str:
        return replace_spans(text, self._role)

    def _role(self, span: Span) -> str | None:
        if span.kind != "role":
            return None
        course, lang, words = self.course, self.lang, span.words
        match span.name:
            case "term":
                return words or course.term(span.target, lang)
            case "fact":
                return course.fact(span.target, lang)
            case "cite" | "cite:t" | "cite:p":
                return self._cite(span.target.split(","))
            case "doc":
                page = span.target.strip("/").split("/")[-1]
                text = words or course.titles.get((page, lang), page)
                return f"[{text}]({course.page_url(page, lang)})"
            case "ref" | "numref" | "prf:ref":
                return self._reference(span)
            case "eq" | "math":
                return f"${span.content}$" if span.name == "math" else "(…)"
            case "abbr" | "lang" | "sub" | "sup":
                return span.content
        return words or f"`{span.target}`"

    def _reference(self, span: Span) -> str:
        target = span.target
        if target in self.exercises:
            return f"{self._title('exercise')} {self.exercises[target]}"
        page = self.course.labels.get(target, "")
        text = span.words or self.course.titles.get((page, self.lang), target)
        return f"[{text}]({self.course.page_url(page, self.lang, target)})"

    def _cite(self, keys: list[str]) -> str:
        shown = []
        for key in (key.strip() for key in keys):
            entry = self.course.citations.get(key)
            if entry is None:
                shown.append(key)
                continue
            if key not in self.cited:
                self.cited.append(key)
            people = entry.persons.get("author", [])
            first = " ".join(people[0].last_names) if people else key
            more = " et al." if len(people) > 2 else ""
            if len(people) == 2:
                more = f" & {' '.join(people[1].last_names)}"
            shown.append(f"{first}{more}, {entry.fields['year']}")
        return f"({'; '.join(shown)})"
