"""The bench: metrics on cases counted by hand, intervals over clusters, skips, and two runs compared. No public data."""

import json
import math

import pytest

from eval.bench import __main__ as bench
from eval.bench import runs
from eval.bench.answering import Quoted, cites_gold, distinct, gives, quoting_figures, value_figures, value_folded
from eval.bench.ranking import counted, dialogue_figures, fact_figures, fitting
from eval.bench.references import REFERENCES, Reference
from eval.bench.runs import Run
from eval.bench.sets import SETS, PublicSet, corpus_of, drawn
from eval.intervals import Figure, Observation, change
from eval.public import DialogueTask, FactQuery, Probe, Text, ValueQuestion, clapnq, mtrag, multihop, ramdocs_values
from qa import Answer, Citation, Disagreement, Settings, Statement
from qa.llamaindex import tokenizer


def values(figures) -> dict[str, float]:
    return {f.name: f.value for f in figures}


def observed(name: str, rows, statistic: str = "share") -> Figure:
    return Figure(name, statistic, tuple(Observation(*row) for row in rows))


def cited(source: str, text: str, start: int = 0) -> Citation:
    return Citation(1, source, None, None, start, start + len(text), text, "verbatim")


def answered(*statements: Statement, **more) -> Answer:
    return Answer("q", "q", " ".join(f"{s.text} [1]" for s in statements), statements, **more)


# Finding


def test_a_passage_is_relevant_when_it_holds_a_fact_white_space_aside():
    query = FactQuery("1", "q", ("The mill burned.", "It was rebuilt."), "a")
    found = {"1": ["Nothing here.", "Then the\nmill burned. The mill\n burned.", "Nor here."]}
    figures = values(fact_figures([query], found))
    assert figures["MRR@10"] == 0.5
    assert figures["Hits@4"] == figures["Hits@10"] == 1.0
    assert figures["evidence recall@10"] == figures["evidence recall, 2,048 tokens"] == 0.5


def test_a_query_for_which_nothing_is_found_counts_as_nothing():
    queries = [FactQuery("1", "q", ("one fact",), "a"), FactQuery("2", "q", ("another fact",), "b")]
    figures = values(fact_figures(queries, {"1": ["one fact"], "2": []}))
    assert figures["MRR@10"] == figures["Hits@10"] == figures["evidence recall@10"] == 0.5


def test_only_the_first_ten_passages_count_for_recall_and_those_that_fit_for_the_budget():
    query = FactQuery("1", "q", ("deep fact",), "a")
    short = [f"passage {i}" for i in range(10)]
    assert values(fact_figures([query], {"1": [*short, "deep fact"]})) == {
        "MRR@10": 0.0, "Hits@4": 0.0, "Hits@10": 0.0, "evidence recall@10": 0.0, "evidence recall, 2,048 tokens": 1.0,
    }  # fmt: skip


def test_a_long_passage_counts_by_its_first_256_tokens():
    long = "word " * 300 + "fact"
    assert len(tokenizer()(counted(long))) == 256
    assert long.startswith(counted(long))
    assert counted("short") == "short"


def test_passages_count_in_order_while_they_fit():
    assert fitting(["one two", "one two", "one two"], budget=4) == 2
    assert fitting(["one two three", "one"], budget=2) == 0


def test_a_document_found_in_several_passages_counts_once():
    task = DialogueTask("1", "and then?", (("q", "a"),), frozenset({"b", "c"}), "talk")
    figures = values(dialogue_figures([task], {"1": ["a", "a", "a", "a", "a", "b"]}, {"1": ["c", "b"]}))
    assert figures["R@5 with history, all tasks"] == 0.5
    assert figures["MRR@10 with history, all tasks"] == 0.5
    assert figures["R@5 last turn alone, all tasks"] == 1.0
    assert figures["R@5 ratio, later turns"] == 0.5


def test_first_turns_are_left_out_of_later_turns():
    first = DialogueTask("1", "q", (), frozenset({"a"}), "one")
    later = DialogueTask("2", "and?", (("q", "a"),), frozenset({"b"}), "two")
    figures = values(dialogue_figures([first, later], {"1": ["a"], "2": ["b"]}, {"1": ["a"], "2": []}))
    assert figures["R@5 last turn alone, all tasks"] == 0.5
    assert figures["R@5 last turn alone, later turns"] == 0.0


# Quoting

TEXT = "The mill burned in May. It was rebuilt in June."
GOLD = Probe("When did the mill burn?", ("The mill burned in May.",), frozenset({"d"}), "1", "mill")


def test_a_citation_is_gold_when_it_shares_half_of_the_shorter_text_in_the_right_document():
    assert cites_gold(cited("d", "mill burned in May.", 4), GOLD, lambda _: TEXT)
    assert cites_gold(cited("d", TEXT), GOLD, lambda _: TEXT)
    assert not cites_gold(cited("d", "May. It was rebuilt in June.", 19), GOLD, lambda _: TEXT)
    assert not cites_gold(cited("other", TEXT), GOLD, lambda _: TEXT)


def test_quoting_counts_gold_answered_abstained_and_their_balance():
    right = answered(Statement("The mill burned in May.", (cited("d", "The mill burned in May."),)))
    long = answered(Statement("word " * 61, (cited("d", "The mill burned in May."),)))
    nothing = Probe("Who owns it?", id="3", cluster="owner")
    silent = Answer("q", "q", "The documents do not answer.", abstained=True)
    rows = [Quoted(GOLD, right, 0.9), Quoted(GOLD, long, 0.8), Quoted(GOLD, silent, 0.2), Quoted(nothing, silent, 0.3)]
    figures = values(quoting_figures(rows, lambda _: TEXT))
    assert figures["gold sentence quoted, of answerable"] == pytest.approx(1 / 3)
    assert figures["answered, of answerable"] == pytest.approx(2 / 3)
    assert figures["abstained, of unanswerable"] == 1.0
    assert figures["balanced accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert figures["first statement gold, of answered"] == 1.0
    assert figures["AUROC of the best score"] == pytest.approx(2 / 3)


def test_values_are_folded_by_case_accents_punctuation_and_thousands_and_matched_as_words():
    assert value_folded("3,559 people") == value_folded("3559 People.")
    assert value_folded("Café") == value_folded("CAFE")
    assert value_folded("AFL") not in value_folded("a waffle")
    assert distinct(["10,000", "Oslo", "10000"]) == ["10,000", "Oslo"]


def test_a_value_is_given_when_a_statement_holds_it_and_cites_a_document_that_does():
    asked = ValueQuestion("1", "q", ("1902", "1885"), {"a": "1902", "b": "1885"}, ("a", "b"))
    texts = {
        "a": "Built in the second year of the century.",
        "b": "It was built in 1885.",
        "c": "1902, says the plaque.",
    }
    told = answered(Statement("Built in 1902.", (cited("a", "Built"),)), Statement("In 1885.", (cited("c", "1902"),)))
    assert gives(told, "1902", asked, texts.__getitem__)  # by its label
    assert not gives(told, "1885", asked, texts.__getitem__)  # cites a document that says otherwise
    assert gives(
        answered(Statement("In 1902.", (cited("c", "1902"),))), "1902", asked, texts.__getitem__
    )  # by its text
    assert not gives(
        answered(Statement("word " * 90 + "1902", (cited("c", "1902"),))), "1902", asked, texts.__getitem__
    )


def test_values_are_counted_over_all_and_over_questions_and_disagreement_by_whether_there_is_one():
    two = ValueQuestion("1", "q", ("1902", "1885", "1850"), {"a": "1902", "b": "1885", "c": "1850"}, ("a", "b", "c"))
    one = ValueQuestion("2", "q", ("Oslo",), {"d": "Oslo"}, ("d",))
    texts = {"a": "1902", "b": "1885", "c": "no year", "d": "Oslo"}
    first = answered(Statement("1902", (cited("a", "1902"),)), disagreements=(Disagreement("date", ()),))
    second = answered(Statement("Oslo", (cited("d", "Oslo"),)))
    figures = values(value_figures([(two, first), (one, second)], texts.__getitem__))
    assert figures["values given"] == 2 / 4
    assert figures["values given, mean over questions"] == pytest.approx((1 / 3 + 1) / 2)
    assert figures["ceiling: values in the texts"] == 3 / 4
    assert figures["disagreement flagged, where sources differ"] == 1.0
    assert figures["disagreement flagged, where none"] == 0.0


# Intervals


def test_queries_about_the_same_evidence_are_drawn_together():
    together = observed("f", [(str(i), "same", float(i % 2)) for i in range(40)])
    apart = observed("f", [(str(i), str(i), float(i % 2)) for i in range(40)])
    assert together.interval == (0.5, 0.5)
    low, high = apart.interval
    assert low < 0.4 < 0.6 < high
    assert apart.interval == (low, high)  # seeded


@pytest.mark.parametrize(
    ("statistic", "rows", "expected"),
    [
        ("share", [("1", "a", 1.0, 2.0), ("2", "b", 2.0, 2.0)], 0.75),
        ("balanced", [("1", "a", 1.0, 1.0), ("2", "b", 0.0, 1.0), ("3", "c", 1.0, 0.0)], 0.75),
        ("auroc", [("1", "a", 0.9, 1.0), ("2", "b", 0.2, 0.0), ("3", "c", 0.9, 0.0)], 0.75),
        ("p50", [("1", "a", 1.0), ("2", "b", 5.0), ("3", "c", 2.0)], 2.0),
    ],
)
def test_a_statistic_is_what_it_says(statistic, rows, expected):
    assert observed("f", rows, statistic).value == expected


def test_a_figure_over_nothing_is_not_a_number():
    nothing = observed("f", [])
    assert math.isnan(nothing.value)
    assert all(map(math.isnan, nothing.interval))


def test_two_runs_are_compared_over_the_queries_both_have_and_pair_by_pair():
    before = observed("f", [(str(i), str(i), float(i % 2)) for i in range(40)] + [("gone", "gone", 1.0)])
    after = observed("f", [(str(i), str(i), float(i % 2) + 0.1) for i in reversed(range(40))])
    found = change(before, after)
    assert found.queries == 40
    assert (found.before, found.after) == (0.5, pytest.approx(0.6))
    assert found.interval == (pytest.approx(0.1), pytest.approx(0.1))  # every pair changed alike: no doubt is left
    assert found.clear


def test_a_ceiling_is_met_from_below():
    assert Reference(reach=0.1, at_most=True).met(0.05)
    assert not Reference(reach=0.1).met(0.05)
    assert Reference(before=0.1).met(0.05) is None
    assert {name for name, _ in REFERENCES} <= SETS.keys()


# The command

FACT = "The mill burned in May 1902."


def public_data(folder) -> None:
    """Tiny sets of our own in the files of the public ones."""

    def keep(path: str, *rows, lines: bool = True) -> None:
        target = folder / "eval" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows))

    article = {"title": "Fire", "source": "The Miller", "published_at": "2020-01-01", "url": "u", "body": FACT}
    query = {"query": "When did the mill burn?", "evidence_list": [{"fact": FACT, "url": "u"}]}
    keep("multihop_rag/corpus.json", article, lines=False)
    keep("multihop_rag/queries.json", query, {"query": "Null?", "evidence_list": []}, lines=False)
    passage = [{"title": "Mill", "text": FACT, "sentences": [FACT]}]
    keep("clapnq/answerable.jsonl", {"id": "1", "input": "when did the mill burn", "passages": passage, "output": [{"selected_sentences": [FACT]}]})  # fmt: skip
    keep("clapnq/unanswerable.jsonl", {"id": "2", "input": "who owned it", "passages": passage, "output": [{"selected_sentences": []}]})  # fmt: skip
    documents = [{"text": FACT, "answer": "1902"}, {"text": "It burned in 1885.", "answer": "1885"}, {"text": "Corn.", "answer": "unknown"}]  # fmt: skip
    keep("ramdocs/questions.jsonl", {"question": "When did the mill burn?", "documents": documents})
    said = [{"text": "Tell me about the mill."}, {"text": "It burned."}, {"text": "When?"}]
    context = {"document_id": "m", "text": FACT, "title": None}
    keep("mtrag_un/tasks.jsonl", {"task_id": "t", "conversation_id": "c", "input": said, "contexts": [context]}, {"task_id": "u", "conversation_id": "d", "input": said[:1], "contexts": []})  # fmt: skip


def test_readers_keep_what_is_asked_and_what_answers(tmp_path):
    public_data(tmp_path)
    folder = tmp_path / "eval"
    assert [q.facts for q in multihop(folder)[1]] == [(FACT,)]
    assert [bool(p.gold) for p in clapnq(folder)[1]] == [True, False]
    assert clapnq(folder)[1][0].sources == {"1", "2"}  # the same passage twice is the right document twice
    (asked,) = ramdocs_values(folder)[1]
    assert (asked.values, asked.labels, len(asked.sources)) == (("1902", "1885"), {"0-0": "1902", "0-1": "1885"}, 3)
    (task,) = mtrag(folder)[1]
    assert (task.question, task.history, task.gold) == ("When?", (("Tell me about the mill.", "It burned."),), {"m"})


def test_a_sample_is_drawn_evenly():
    assert drawn(range(10), 3) == [0, 3, 6]
    assert drawn(range(3), 10) == drawn(range(3), None) == [0, 1, 2]


def test_absent_data_is_skipped_with_a_message_that_says_where_it_is_looked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("QA_SHARED", str(tmp_path))
    assert bench.main([]) == 0
    assert f"skipped: public data is looked for in {tmp_path}" in capsys.readouterr().out
    (tmp_path / "eval").mkdir()
    assert bench.main(["--sets", "clapnq", "--out", str(tmp_path / "run.json")]) == 0
    assert "skipped: clapnq is not in" in capsys.readouterr().out


def test_a_run_is_printed_kept_and_compared_with_the_next(weights, tmp_path, monkeypatch, capsys):
    public_data(tmp_path)
    monkeypatch.setenv("QA_SHARED", str(tmp_path))
    monkeypatch.setattr("eval.bench.sets._stores", lambda _: tmp_path / "stores")
    first, second = tmp_path / "runs" / "1.json", tmp_path / "runs" / "2.json"
    assert bench.main(["--out", str(first)]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in SETS)
    assert all(any(f.name == figure for f in runs.read(first).sets[name]) for name, figure in REFERENCES)
    assert FACT not in first.read_text()
    assert bench.main(["--sample", "1", "--against", str(first), "--out", str(second)]) == 0
    assert f"against the run of {runs.read(first).made}" in capsys.readouterr().out
    assert runs.read(second).settings["embedder"] == Settings().embedder


def test_a_file_that_is_no_run_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(ValueError, match=r"x\.json is not a run"):
        runs.read(tmp_path / "x.json")


def test_an_ablation_shows_what_every_figure_loses_without_a_stage():
    whole = observed("Hits@4", [(str(i), str(i), 1.0) for i in range(9)])
    less = observed("Hits@4", [(str(i), str(i), 0.5) for i in range(9)])
    run = Run("now", None, {}, {"multihop_rag": [whole]}, {"spread": {"multihop_rag": [less]}})
    assert "spread" in bench.ablation(run)
    assert "-0.500*" in bench.ablation(run)


def test_every_stage_is_switched_off_in_turn(tmp_path, monkeypatch, capsys):
    def run(folder, settings, sample):
        off = [stage for stage in ("first", "second") if getattr(settings, stage, True) is False]
        return [observed("Hits@4", [(str(i), str(i), 1.0 - len(off) / 2) for i in range(sample // 50)])]

    (tmp_path / "eval" / "tiny").mkdir(parents=True)
    monkeypatch.setenv("QA_SHARED", str(tmp_path))
    monkeypatch.setattr(bench, "SETS", {"tiny": PublicSet("tiny", run)})
    monkeypatch.setattr(bench, "STAGES", ("first", "second"))
    assert bench.main(["--ablate", "--sets", "tiny", "--out", str(tmp_path / "run.json")]) == 0
    assert capsys.readouterr().out.count("-0.500*") == 2
    assert set(runs.read(tmp_path / "run.json").without) == {"first", "second"}


def test_a_kept_corpus_follows_its_data(weights, tmp_path, monkeypatch):
    monkeypatch.setattr("eval.bench.sets._stores", lambda _: tmp_path / "stores")
    with corpus_of("s", [Text("a", "One."), Text("b", "Two.")], Settings()) as corpus:
        assert corpus.text("a") == "One."
    with corpus_of("s", [Text("a", "Three.")], Settings()) as corpus:
        assert [s.source for s in corpus.sources()] == ["a"]
        assert corpus.text("a") == "Three."


def test_a_large_store_is_measured_stage_by_stage_and_everything_is_found(tmp_path, capsys):
    from eval.bench import size

    assert size.main(["--documents", "4", "--folder", str(tmp_path), "--json", str(tmp_path / "figures.json")]) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["sync"]["added"] == 4 and figures["resync"]["unchanged"] == 4 and figures["change"]["changed"] == 1
    assert figures["search"]["found"] == 1.0 and figures["verify"]["problems"] == 0
    assert figures["verify"]["passages"] >= 32
    assert "p95_ms" in capsys.readouterr().out


def test_a_stage_that_takes_too_long_is_killed_and_says_so(tmp_path):
    from eval.bench import size, stages

    size.write(tmp_path / "documents", 1)
    assert stages.run("eval.bench.size", "sync", tmp_path, seconds=0.01)["killed"]
    assert stages.run("eval.bench.size", "sync", tmp_path)["added"] == 1


def test_ratios_divide_ours_by_plain():
    from eval.bench.everyday import ratios

    row = {"seconds": 1, "whole_s": 2, "memory_mb": 3, "p50_ms": 4, "p95_ms": 5, "cold_s": 6}
    plain = {name: 2 * value for name, value in row.items()}
    stages = ("sync", "resync", "search")
    assert set(ratios({f"ours_{s}": row for s in stages} | {f"plain_{s}": plain for s in stages}).values()) == {0.5}
