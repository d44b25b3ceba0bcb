"""Rewriting a space, exactly, into what a backend takes, and its configs back."""

from unitune.translation.steps import Raw, Step, Target
from unitune.translation.translation import Translation, Verdict, lower_space

__all__ = ["Raw", "Step", "Target", "Translation", "Verdict", "lower_space"]
