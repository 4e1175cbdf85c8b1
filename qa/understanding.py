"""Follow-up and history -> a question that stands alone, by a model that can be trusted with it."""

from __future__ import annotations

from collections.abc import Sequence

from prompts import load
from qa.errors import WitnessError
from qa.stating import word_count
from qa.supporting import strangers
from qa.types import CHARACTERS_A_TOKEN, ChatModel, Completion, Message, Turn, Usage, tokens

_HISTORY_TOKENS = 800
_REPLY_TOKENS = 120
_LONGEST_QUESTION = 80  # words


def rewritten(model: ChatModel, question: str, history: Sequence[Turn]) -> tuple[str | None, Usage]:
    """The question as it reads without `history`, and what that cost.

    None where the model fails, gives no single question, or brings in names and numbers that nobody has said.
    """
    conversation = cut_to_budget(history)
    message = Message("user", load("rewrite").fill(conversation=conversation, question=question))
    try:
        events = model.stream([message], max_tokens=_REPLY_TOKENS)
        done = next(e for e in events if isinstance(e, Completion))
    except WitnessError as error:
        return None, Usage(attempts=getattr(error, "attempts", 0))
    lines = [line.strip().strip('"“”') for line in done.text.splitlines() if line.strip()]
    if done.problem or len(lines) != 1 or word_count(lines[0]) > _LONGEST_QUESTION:
        return None, done.usage
    return (None if strangers(lines[0], f"{conversation} {question}") else lines[0]), done.usage


def cut_to_budget(history: Sequence[Turn], most: int = _HISTORY_TOKENS) -> str:
    """The latest turns of a conversation that fit in `most` tokens, at least one, oldest first."""
    kept: list[str] = []
    for question, answer in reversed(history):
        turn = f"User: {question}\nAnswer: {answer}"
        most -= tokens(len(turn))
        if kept and most < 0:
            break
        kept.append(turn[: CHARACTERS_A_TOKEN * _HISTORY_TOKENS])
    return "\n".join(reversed(kept))
