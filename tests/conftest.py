"""Fixtures for every test."""

from __future__ import annotations

from strangers import install

__all__ = ["install"]
