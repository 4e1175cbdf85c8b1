"""Gradio, imported in half the time."""

from __future__ import annotations

import inspect
from importlib import import_module


def import_gradio() -> None:
    """Imports Gradio without its type stubs.

    At each import Gradio parses its own sources to write stubs for editors beside them, which takes more than half of the
    time and wants a place that can be written. It leaves out classes whose file is not found
    (`create_or_modify_pyi` in gradio/component_meta.py), so none of its own is found while it is imported. To be called
    before other threads run.
    """
    found = inspect.getfile

    def found_elsewhere(thing: object) -> str:
        if getattr(thing, "__module__", "").startswith("gradio."):
            raise OSError("not looked for")
        return found(thing)  # type: ignore[arg-type]

    inspect.getfile = found_elsewhere  # type: ignore[assignment]
    try:
        import_module("gradio")
    finally:
        inspect.getfile = found
