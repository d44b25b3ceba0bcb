"""A study whose module prints something when it is imported."""

from __future__ import annotations

from wrong_backends import Right

print("thank you for choosing us")


class SpeaksWhenImported(Right):
    pass
