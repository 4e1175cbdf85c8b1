"""Prompts as Markdown files with declared variables; filled when answers are written by a model."""
