"""`{quiz}`: a question that the page itself answers, without a kernel or a server.

Radio buttons (one right answer) or check boxes (several) in a `<fieldset>`; the verdict
is announced to screen readers, then the explanations unfold. Without JavaScript they
are simply there. How the text is written: `vislearn/course/quiz.py`.
"""

from __future__ import annotations

import html
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from vislearn.course.quiz import Choice, parse_quiz

LOG = logging.getLogger(__name__)
WORDS = {
    "ko": {
        "title": "확인 문제",
        "several": "맞는 것을 모두 고르세요.",
        "check": "답 확인",
        "again": "다시 풀기",
        "none": "먼저 답을 고르세요.",
        "right": "맞았습니다.",
        "wrong": "다시 생각해 보세요. 아래 설명을 읽어 보세요.",
    },
    "en": {
        "title": "Check yourself",
        "several": "Choose all that are right.",
        "check": "Check the answer",
        "again": "Try again",
        "none": "Choose an answer first.",
        "right": "Right.",
        "wrong": "Not quite. Read the explanation below.",
    },
}


class quiz(nodes.General, nodes.Element):
    """The form; attributes: words, several."""


class quiz_question(nodes.General, nodes.TextElement):
    """The `<legend>`."""


class quiz_choice(nodes.General, nodes.Element):
    """One input with its label and explanation; attributes: right, box."""


class quiz_label(nodes.General, nodes.TextElement):
    """The `<label>`; attribute: box."""


class quiz_why(nodes.General, nodes.Element):
    """What is shown after answering; attribute: right, or None for the last part."""


class QuizDirective(SphinxDirective):
    has_content = True
    option_spec: ClassVar = {"name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        try:
            parsed = parse_quiz(list(self.content))
        except ValueError as error:
            LOG.warning("%s", error, location=self.get_location())
            return []
        words = WORDS[self.config.language]
        form = quiz(words=words, several=parsed.several)
        self.add_name(form)
        if not form["ids"]:
            form["ids"].append(f"quiz-{self.env.new_serialno('quiz')}")
        first, *more = self._blocks(parsed.question, 0)
        form += quiz_question("", "", *first.children)
        form += more
        for number, choice in enumerate(parsed.choices):
            form += self._choice(choice, f"{form['ids'][0]}-{number}", parsed.several)
        after = self._blocks(parsed.after, parsed.after_line)
        if after:
            form += quiz_why("", *after, right=None)
        self.set_source_info(form)
        return [form]

    def _choice(self, choice: Choice, box: str, several: bool) -> nodes.Element:
        node = quiz_choice(right=choice.right, box=box, several=several)
        (paragraph,) = self._blocks([choice.label], choice.line)
        node += quiz_label("", "", *paragraph.children, box=box)
        why = self._blocks(choice.why, choice.line + 1)
        if why:
            node += quiz_why("", *why, right=choice.right)
        return node

    def _blocks(self, lines: list[str], offset: int) -> list[Any]:
        parent = nodes.container()
        source = self.get_source_info()[0]
        self.state.nested_parse(
            StringList(lines, source), self.content_offset + offset, parent
        )
        return list(parent.children)


def visit_quiz(self: Any, node: quiz) -> None:
    words = node["words"]
    data = " ".join(
        f'data-{key}="{html.escape(words[key])}"'
        for key in ("check", "again", "none", "right", "wrong")
    )
    self.body.append(
        f'<form class="vl-quiz" id="{node["ids"][0]}" {data}>'
        f'<p class="vl-quiz-title">{words["title"]}</p><fieldset>'
    )


def depart_quiz(self: Any, node: quiz) -> None:
    self.body.append(
        f'<p class="vl-quiz-actions"><button type="submit">{node["words"]["check"]}'
        '</button> <span class="vl-quiz-verdict" role="status" aria-live="polite">'
        "</span></p></fieldset></form>\n"
    )


def visit_question(self: Any, node: quiz_question) -> None:
    self.body.append("<legend>")


def depart_question(self: Any, node: quiz_question) -> None:
    if node.parent["several"]:
        self.body.append(f" <em>{node.parent['words']['several']}</em>")
    self.body.append("</legend>")


def visit_choice(self: Any, node: quiz_choice) -> None:
    kind = "checkbox" if node["several"] else "radio"
    name = node["box"].rpartition("-")[0]
    self.body.append(
        f'<div class="vl-quiz-choice"><input type="{kind}" name="{name}" '
        f'id="{node["box"]}" value="{"right" if node["right"] else "wrong"}">'
    )


def depart_choice(self: Any, node: quiz_choice) -> None:
    self.body.append("</div>")


def visit_label(self: Any, node: quiz_label) -> None:
    self.body.append(f'<label for="{node["box"]}">')


def depart_label(self: Any, node: quiz_label) -> None:
    self.body.append("</label>")


def visit_why(self: Any, node: quiz_why) -> None:
    kind = {True: " vl-right", False: " vl-wrong", None: ""}[node["right"]]
    self.body.append(f'<div class="vl-quiz-why{kind}">')


def depart_why(self: Any, node: quiz_why) -> None:
    self.body.append("</div>")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("quiz", QuizDirective)
    app.add_node(quiz, html=(visit_quiz, depart_quiz))
    app.add_node(quiz_question, html=(visit_question, depart_question))
    app.add_node(quiz_choice, html=(visit_choice, depart_choice))
    app.add_node(quiz_label, html=(visit_label, depart_label))
    app.add_node(quiz_why, html=(visit_why, depart_why))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
