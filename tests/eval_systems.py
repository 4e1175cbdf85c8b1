"""Systems for tests of the harness, plugged in by name as a user would."""

import os
import signal
import time
from pathlib import Path

from eval.records import Response
from eval.systems import Request


def make_echo(documents: Path):
    """Answers with the question."""
    return lambda request: Response(text=request.turns[-1], output_tokens=10)


class Slow:
    fingerprint = "slow"

    def respond(self, request: Request) -> dict[str, object]:
        time.sleep(0.02)
        if (at := os.environ.get("KILL_AT")) and request.id == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"text": f"answer to {request.id}", "input_tokens": 5}


def make_slow(documents: Path) -> Slow:
    return Slow()
