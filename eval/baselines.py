"""What a system is held between: floors that know nothing, a ceiling that knows the gold, and the plain ways."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from eval.cases import Case, Suite
from eval.documents import Documents
from eval.plain import PlainLlamaIndex
from eval.records import Cited, Found, Given, Response, Said
from eval.systems import Options, Request, System
from eval.texts import refuses
from qa.chatmodels import make_chat_model
from qa.splitting import passages
from qa.types import Completion, Message
from qa.words import words


class Oracle:
    """Gives the gold answer with the gold words: the ceiling of a suite, and a check that its scoring lets it reach it."""

    name = fingerprint = "oracle"

    def __init__(self, suite: Suite) -> None:
        self.cases = {case.id: case for case in suite.cases}
        self.documents = Documents(suite.documents)
        self.sources = tuple(self.documents)

    def respond(self, request: Request) -> Response:
        """The gold answer; an abstention where there is none."""
        case = self.cases[request.id]
        if not case.answerable:
            return Response(text="The documents do not answer.", abstained=True, confidence=0.0)
        citations = tuple(
            Cited(source=gold.document, start=start, end=end, text=gold.quote)
            for gold in case.evidence
            for start, end in self.documents.places(gold.document, gold.quote)[:1]
        )
        text = gold_answer(case)
        sides = tuple(Given(value=s.value, sources=s.documents) for s in case.sides)
        return Response(
            text=text,
            statements=(Said(text=text, citations=tuple(range(len(citations))), supported=bool(citations)),),
            citations=citations,
            disagreements=(sides,) if sides else (),
            passages=tuple(Found(source=c.source, start=c.start, end=c.end) for c in citations),
            confidence=1.0,
        )


def gold_answer(case: Case) -> str:
    """The first alias of every group, and who said it."""
    said = "; ".join(dict.fromkeys([*(group[0] for group in case.answers), *(s.value for s in case.sides)]))
    speakers = ", ".join(dict.fromkeys(a.speaker for a in case.attributions))
    return f"{speakers} said: {said}." if speakers else f"{said}."


class Constant:
    """Says the same to everything and cites nothing: what scoring gives away."""

    name = fingerprint = "constant"

    def __init__(self, text: str = "Yes.") -> None:
        self.text = text

    def respond(self, request: Request) -> Response:
        """The same text, whatever is asked."""
        return Response(text=self.text, statements=(Said(text=self.text, supported=False),), confidence=1.0)


class Silent:
    """Always abstains: never wrong, never of use."""

    name = fingerprint = "silent"

    def respond(self, request: Request) -> Response:
        """An abstention, whatever is asked."""
        return Response(text="The documents do not answer.", abstained=True, confidence=0.0)


class ClosedBook:
    """A model that is asked without the documents: what it knows, or guesses, by itself."""

    name = "closed-book"

    def __init__(self, options: Options) -> None:
        if not options.llm:
            raise ValueError("closed-book asks a model; name one with --llm, as in QA_LLM")
        self.model = make_chat_model(options.llm, options.settings)
        self.fingerprint = f"closed-book/{self.model.name}"

    def respond(self, request: Request) -> Response:
        """The model's reply; one that says it does not know is an abstention."""
        asked = [Message("user", turn) for turn in request.turns[-1:]]
        rules = Message("system", "Answer in one short sentence. If you do not know, say that you do not know.")
        reply = next(e for e in self.model.stream([rules, *asked], max_tokens=100) if isinstance(e, Completion))
        text = reply.text.strip()
        return Response(
            text=text,
            abstained=refuses(text),
            statements=(Said(text=text, supported=False),) if text else (),
            input_tokens=reply.usage.input_tokens,
            output_tokens=reply.usage.output_tokens,
        )

    def close(self) -> None:
        """Ends what the model keeps running."""
        if close := getattr(self.model, "close", None):
            close()


class Lexical:
    """BM25 alone, over sentences in SQLite's FTS5: quotes the best sentence, always."""

    name = fingerprint = "lexical"
    _DEPTH = 10

    def __init__(self, suite: Suite) -> None:
        self.documents = Documents(suite.documents)
        self.sources = tuple(self.documents)
        self._rows = [
            (source, s.start_char_index, s.end_char_index)
            for source, text in self.documents.items()
            for passage in passages(text, 256)
            for s in passage.sentences
        ]
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute("CREATE VIRTUAL TABLE sentences USING fts5(text, tokenize = 'porter')")
        texts = ((i + 1, self.documents[source][start:end]) for i, (source, start, end) in enumerate(self._rows))
        self._index.executemany("INSERT INTO sentences (rowid, text) VALUES (?, ?)", texts)

    def respond(self, request: Request) -> Response:
        """The best sentence for the words of the last turn; an abstention only where no word occurs."""
        wanted = " OR ".join(f'"{w.text}"' for w in words(request.turns[-1]) if w.content)
        found = self._found(wanted) if wanted else []
        if not found:
            return Response(text="No sentence has any of these words.", abstained=True, confidence=0.0)
        cited = [
            Cited(source=s, start=a, end=b, text=self.documents[s][a:b])
            for s, a, b in (self._rows[i - 1] for i, _ in found)
        ]
        text = cited[0].text
        return Response(
            text=text,
            statements=(Said(text=text, citations=(0,)),),
            citations=(cited[0],),
            passages=tuple(Found(source=c.source, start=c.start, end=c.end) for c in cited),
            confidence=-found[0][1],
        )

    def _found(self, wanted: str) -> list[tuple[int, float]]:
        query = "SELECT rowid, rank FROM sentences WHERE sentences MATCH ? ORDER BY rank LIMIT ?"
        return self._index.execute(query, (wanted, self._DEPTH)).fetchall()

    def close(self) -> None:
        """Frees the index."""
        self._index.close()


BASELINES: Mapping[str, Callable[[Suite, Options], System]] = {
    "oracle": lambda suite, _: Oracle(suite),
    "constant": lambda _suite, _: Constant(),
    "silent": lambda _suite, _: Silent(),
    "closed-book": lambda _suite, options: ClosedBook(options),
    "lexical": lambda suite, _: Lexical(suite),
    "plain": lambda suite, options: PlainLlamaIndex(suite.documents, options.llm or "local", options.settings),
}
