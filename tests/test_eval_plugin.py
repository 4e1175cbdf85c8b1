"""Gates in somebody's own test suite."""

from eval_material import write_suite

from eval.cases import Gate

pytest_plugins = ["pytester"]


def test_a_users_test_passes_or_fails_by_the_gates_of_a_suite(pytester, tmp_path):
    good = write_suite(tmp_path / "good", gates=(Gate(metric="abstention", at_least=1),))
    bad = write_suite(tmp_path / "bad", gates=(Gate(metric="accuracy", at_least=0.5),))
    pytester.makepyfile(
        f"""
        def test_good(assert_gates):
            assert assert_gates({str(good.folder)!r}, "silent").summary("abstention").value == 1

        def test_bad(assert_gates):
            assert_gates({str(bad.folder)!r}, "silent")
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*accuracy: 0.000, to be at least 0.5*"])
