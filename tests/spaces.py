"""Spaces and objectives that several tests share; they are the conformance kit's."""

from __future__ import annotations

from unitune.testing.spaces import (
    CONDITIONAL,
    EVERY_KIND,
    MIXED,
    activation,
    any_loss,
    mixed_loss,
)

__all__ = ["CONDITIONAL", "EVERY_KIND", "MIXED", "activation", "any_loss", "mixed_loss"]
