"""What Driftbot says: the questions of each kind of playbook, and the words in between.

Which questions Drift's own playbooks ask is up to whoever built them; these are few and always the same.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from .world import Row


@dataclass(frozen=True)
class Question:
    """One question; the answer becomes the contact attribute of that name."""

    attribute: str
    text: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flow:
    """What a playbook of some reportType does, from the greeting to the last word."""

    greeting: str
    questions: tuple[Question, ...]
    closing: str


TEAM_SIZE = Question("team_size", "How big is your team?", ("1-10", "11-50", "51-200", "More than 200"))
TOPIC = Question(
    "support_topic", "What do you need a hand with?", ("Getting started", "Something is broken", "Billing")
)
EMAIL = Question("email", "Which e-mail address can we reach you at?")
EMAIL_AGAIN = "That does not look like an e-mail address. Could you write it once more?"

FLOWS = {
    "BOOK_MORE_MEETINGS": Flow(
        "Happy to set up a meeting.",
        (TEAM_SIZE, EMAIL),
        "Thanks! We will send you an invitation with a few times to choose from.",
    ),
    "DEFLECT_SUPPORT": Flow(
        "Let's get you to the right place.", (TOPIC, EMAIL), "Thanks! The support team will come back to you by mail."
    ),
}
OTHERWISE = Flow(
    "Hi there! Two quick questions, so that the right person can help.",
    (TEAM_SIZE, EMAIL),
    "Thanks! Somebody from the team will be with you shortly.",
)


def of(playbook: Row) -> Flow:
    return FLOWS.get(playbook.get("reportType", ""), OTHERWISE)


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{html.escape(text, quote=False)}</p>" for text in texts if text)


def buttons(question: Question, known: Row) -> list[Row]:
    """Answers to click: those of the question, else what is known already."""
    labels = question.answers or tuple(str(known[name]) for name in (question.attribute,) if known.get(name))
    return [{"label": label, "value": label, "type": "reply"} for label in labels]
