"""What an objective needs of a trial: its seed."""

from __future__ import annotations

from typing import Protocol


class Seeded(Protocol):
    """What is needed of a trial: unitune's handle has more."""

    @property
    def seed(self) -> int:
        """Fixes whatever is drawn while a config is evaluated."""
