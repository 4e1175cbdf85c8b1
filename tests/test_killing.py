"""A corpus whose process is killed at any moment keeps what it called done, and nothing twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import killing

ROOT = Path(__file__).parent.parent
SEEDS = 2 * len(killing.SPARKS)


def test_what_was_called_done_survives_a_kill_at_any_stage():
    command = [sys.executable, killing.__file__, "0", str(SEEDS)]
    ran = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    outcomes = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(outcomes) == SEEDS, ran.stdout
    assert [o for o in outcomes if "error" in o or o["lost"] or o["duplicated"] or o["wrong"] or o["problems"]] == []
    assert sum(o["killed"] for o in outcomes) >= SEEDS - 2
