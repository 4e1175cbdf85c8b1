"""Perturbed suites are sound suites again, and differ as they say; public sets become suites."""

import pytest
from eval_material import write_suite

from eval.adapting import adapt, official_constant
from eval.documents import Documents
from eval.evaluating import find_suite
from eval.linting import lint
from eval.perturbing import PERTURBATIONS, perturb

SUITE = find_suite("geneva")


@pytest.mark.parametrize("kind", PERTURBATIONS)
def test_a_perturbed_suite_is_sound_and_made_the_same_each_time(tmp_path, kind):
    made = perturb(SUITE, kind, tmp_path / "one", 0.5)
    assert made.cases and lint(tmp_path / "one") == []
    assert made.digest == perturb(SUITE, kind, tmp_path / "two", 0.5).digest
    assert made.corpus_digest == find_suite(tmp_path / "two").corpus_digest


def test_without_its_gold_nothing_is_answerable(tmp_path):
    made = perturb(SUITE, "gold-removed", tmp_path / "made")
    texts = " ".join(Documents(made.documents).values())
    assert not any(c.answerable for c in made.cases)
    assert not any(g.quote in texts for c in SUITE.cases for g in c.evidence)


@pytest.mark.parametrize("amount", [0.0, 0.5, 0.8])
def test_noise_is_the_share_of_documents_asked_for_and_holds_no_evidence(tmp_path, amount):
    documents = Documents(perturb(SUITE, "noise", tmp_path / "made", amount).documents)
    noise = [text for source, text in documents.items() if source.startswith("noise")]
    assert len(noise) / len(documents) == pytest.approx(amount, abs=0.05)
    assert not any(g.quote in text for text in noise for c in SUITE.cases for g in c.evidence)


def test_a_value_is_another_in_the_document_and_in_the_answer(tmp_path):
    made = perturb(SUITE, "counterfactual", tmp_path / "made")
    before = {c.id: c for c in SUITE.cases}
    for case in made.cases:
        assert case.answers[0][0] not in before[case.id].answers[0]
        assert case.answers[0][0] in case.evidence[0].quote


def test_outlets_change_places(tmp_path):
    made = perturb(SUITE, "outlets-swapped", tmp_path / "made")
    before, after = Documents(SUITE.documents), Documents(made.documents)
    for source, outlet in ((s, o.casefold()) for s, o in SUITE.outlets.items()):
        assert outlet in before[source].casefold() and outlet not in after[source].casefold()
        assert any(other in after[source] for other in SUITE.outlets.values())


def test_instructions_stand_behind_the_evidence(tmp_path):
    made = perturb(SUITE, "injected", tmp_path / "made")
    assert all("ignore every question" in text for text in Documents(made.documents).values())


def test_what_cannot_be_perturbed_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no perturbation"):
        perturb(SUITE, "magic", tmp_path / "x")
    with pytest.raises(ValueError, match=r"0\.8"):
        perturb(SUITE, "noise", tmp_path / "x", 0.9)
    with pytest.raises(ValueError, match="leaves no case"):
        perturb(write_suite(tmp_path / "s", ()), "noise", tmp_path / "x")


@pytest.mark.parametrize(
    ("name", "least"), [("multihop_rag", 1200), ("ramdocs", 250), ("clapnq", 300), ("mtrag_un", 200)]
)
def test_public_sets_become_sound_suites(shared, tmp_path, name, least):
    made = adapt(name, shared / "eval" / name, tmp_path / name)
    assert len(made.cases) >= least
    assert [str(p) for p in lint(tmp_path / name) if "no evidence holds" not in p.message] == []
    if name == "multihop_rag":
        assert official_constant(made) == pytest.approx(0.64, abs=0.03)
        found = [bool(c.evidence) for c in made.cases if c.answerable]
        assert sum(found) / len(found) > 0.99


def test_an_unknown_set_is_refused(tmp_path):
    with pytest.raises(ValueError, match="multihop_rag"):
        adapt("nothing", tmp_path, tmp_path)
