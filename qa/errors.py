"""One tree of errors; every message names the remedy.

WitnessError
 ├─ StoreError            the store folder cannot be used as it is
 │   ├─ StoreLocked         another process owns it (`.pid`)
 │   ├─ StoreMismatch       made with another embedder, chunking or format
 │   ├─ StoreDamaged        a file of it is missing or unreadable
 │   └─ VectorsMissing      a document is committed before its sentences' vectors
 ├─ SourceNotFound        no such document in the corpus (also a KeyError)
 ├─ ReadError             a file cannot be read; its text is the reason shown in `report.failed`
 ├─ WeightsUnavailable    model weights are neither cached nor reachable
 ├─ ModelUnavailable      a local model cannot be started
 ├─ ClusterUnavailable    the machines that were to read cannot be reached
 └─ EndpointError         the model endpoint the user chose did not answer
     └─ SchemaRefused        it knows no replies by schema; asked again without
"""

from vectorstore.errors import StoreDamaged, StoreError, StoreLocked, StoreMismatch, VectorsMissing, WitnessError

__all__ = [
    "ClusterUnavailable",
    "EndpointError",
    "ModelUnavailable",
    "ReadError",
    "SchemaRefused",
    "SourceNotFound",
    "StoreDamaged",
    "StoreError",
    "StoreLocked",
    "StoreMismatch",
    "VectorsMissing",
    "WeightsUnavailable",
    "WitnessError",
]


class SourceNotFound(WitnessError, KeyError):
    """No document with this source is in the corpus."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else "no such source"


class ReadError(WitnessError):
    """A file cannot be read; the message is the reason shown in `report.failed`."""


class WeightsUnavailable(WitnessError):
    """Model weights are neither in the cache nor reachable; the message says where to put them by hand."""


class ModelUnavailable(WitnessError):
    """A local model cannot be started; the message says what is missing."""


class ClusterUnavailable(WitnessError):
    """The Ray cluster that was to read the documents cannot be reached; the message says how to start one."""


class EndpointError(WitnessError):
    """The model endpoint the user chose did not answer as asked, in so many `attempts`."""

    attempts = 0


class SchemaRefused(EndpointError):
    """The endpoint does not hold replies to a schema; it is asked again without."""
