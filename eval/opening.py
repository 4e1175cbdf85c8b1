"""Systems by name: Witness, the baselines it is held against, and any other one through a function of its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from eval.baselines import BASELINES
from eval.cases import Suite
from eval.records import Response
from eval.systems import Options, Request, System
from eval.witness import open_witness

SYSTEMS: Mapping[str, Callable[[Suite, Options], System]] = {"witness": open_witness, **BASELINES}


class Plugged:
    """Somebody's own system: `respond` of what their function returns, or that function's result itself."""

    def __init__(self, name: str, made: Any) -> None:
        self.made = made
        self.name = getattr(made, "name", name)
        self.fingerprint = getattr(made, "fingerprint", "")
        self.sources = tuple(getattr(made, "sources", ()))

    def respond(self, request: Request) -> Response:
        """Their answer: a Response, a dictionary of its fields, or text."""
        given = getattr(self.made, "respond", self.made)(request)
        if isinstance(given, str):
            return Response(text=given)
        return given if isinstance(given, Response) else Response.model_validate(given)

    def close(self) -> None:
        """Closes theirs, where it can be."""
        if close := getattr(self.made, "close", None):
            close()


def _plugged(name: str, suite: Suite) -> Plugged:
    module, _, function = name.partition(":")
    try:
        make = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"no system {name!r}: {error}; give one of {', '.join(SYSTEMS)} or module:function") from error
    return Plugged(name, make(suite.documents))


@contextmanager
def open_system(name: str, suite: Suite, options: Options | None = None) -> Iterator[System]:
    """The system of that name, a row of SYSTEMS or `module:function`, closed afterwards.

    The function gets the documents' folder and returns an object with `respond(request)` or a function of a request.
    Raises ValueError for an unknown name.
    """
    options = options or Options()
    if name not in SYSTEMS and ":" not in name:
        raise ValueError(f"no system {name!r}; give one of {', '.join(SYSTEMS)} or module:function")
    system = SYSTEMS[name](suite, options) if name in SYSTEMS else _plugged(name, suite)
    try:
        yield system
    finally:
        if close := getattr(system, "close", None):
            close()
