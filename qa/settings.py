"""Every knob, once: its default, its meaning and its environment name (QA_ and the field in capitals)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from platformdirs import user_cache_path
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

STAGES = ("lanes", "clauses", "dates", "spellings", "background", "rescore", "second_look", "spread")
"""Settings that switch one stage of retrieval on or off, in the order in which they act."""

_NO_MATTER = (
    "cache", "threads", "read_workers", "catalog_url", "chroma_url", "chroma_headers", "chroma_tenant", "chroma_database", "ray",
)  # fmt: skip


class Settings(BaseSettings):
    """Settings of a corpus: arguments first, then the environment, then the defaults."""

    model_config = SettingsConfigDict(env_prefix="QA_", frozen=True, extra="forbid")

    embedder: str = Field("local", description='"local" (no key), or "openai:MODEL" for an endpoint\'s embeddings')
    llm: str = Field(
        "", description='who writes answers: "" (quotes), "local", "local-small", "openai:MODEL" or a .gguf file'
    )
    llm_seconds: float = Field(120.0, gt=0, description="most seconds an endpoint may take for a reply, tries included")
    answer_tokens: int = Field(16_384, ge=0, description="most tokens a model may read and write for one answer")
    conversation_tokens: int = Field(0, ge=0, description="the same for a conversation; 0 is no limit")
    answer_cache: bool = Field(True, description="answer the same question on an unchanged store without the model")
    catalog_url: SecretStr = Field(
        SecretStr(""), description="a PostgreSQL catalogue that several processes share; goes with `chroma_url`"
    )
    chroma_url: str = Field("", description="the Chroma server that holds the vectors of that catalogue")
    chroma_headers: Mapping[str, SecretStr] = Field(
        default_factory=dict, description="headers the Chroma server or a proxy before it wants, as JSON"
    )
    chroma_tenant: str = Field("default_tenant", description="the tenant on the Chroma server")
    chroma_database: str = Field("default_database", description="the database on the Chroma server")
    ray: str = Field(
        "",
        description='the address of a Ray cluster that reads and embeds for `sync`; "auto" is the one of this machine',
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path("witness"),
        description="folder for downloaded weights and default stores",
    )
    threads: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 2) - 1),
        ge=1,
        description="threads of the local embedder and the local model",
    )
    passage_tokens: int = Field(256, ge=32, le=2048, description="most tokens in a passage")
    max_file_mb: int = Field(50, ge=1, description="files above this many megabytes are refused")
    read_seconds: float = Field(30.0, gt=0, description="a file that takes longer to read is refused")
    read_workers: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 2) // 2),
        ge=1,
        description="files that are read at the same time",
    )
    read_memory_mb: int = Field(2048, ge=256, description="memory the reading process may take")
    candidates: int = Field(
        60, ge=1, description="candidates taken from each search before fusion, shared by the clauses"
    )
    passages: int = Field(24, ge=1, description="passages handed to the answerer")
    context_tokens: int = Field(6144, ge=128, description="most tokens in those passages together")
    lanes: bool = Field(True, description="look in the sources that a question names, one lane each")
    clauses: bool = Field(True, description="search for each clause of a long question by itself")
    dates: bool = Field(True, description="prefer sources published on the days that a question names")
    spellings: bool = Field(True, description="search for a name in the other spellings that the documents use")
    background: bool = Field(True, description="let what was said before count a little where passages are looked for")
    rescore: bool = Field(True, description="score a passage by its best sentence, not by the mean of all")
    second_look: bool = Field(True, description="prefer passages that name what the first ones have in common")
    spread: bool = Field(True, description="share the passages out among clauses and lanes")
    answer_words: int = Field(60, ge=10, description="words a quoted answer aims to stay under")
    sides_words: int = Field(
        80, ge=20, description="words that an answer which shows differing sources aims to stay under"
    )

    @model_validator(mode="after")
    def _both_servers(self) -> Self:
        if bool(self.chroma_url) != bool(self.catalog_url.get_secret_value()):
            raise ValueError("QA_CATALOG_URL and QA_CHROMA_URL go together; set both or neither")
        return self

    @property
    def elsewhere(self) -> Self:
        """The same for a process of another machine, which gets no secrets and one core."""
        without = {"catalog_url": SecretStr(""), "chroma_url": "", "chroma_headers": {}, "ray": "", "threads": 1}
        return self.model_copy(update=without)

    @property
    def chunking(self) -> str:
        """Names how text is split; a store made with another is not searched."""
        return f"sentences-1/{self.passage_tokens}"

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with any setting that can change an answer."""
        relevant = self.model_dump(mode="json", exclude=set(_NO_MATTER))
        return hashlib.sha256(repr(sorted(relevant.items())).encode()).hexdigest()[:12]
