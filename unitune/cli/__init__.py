"""The command line."""

try:
    from unitune.cli.commands import main
except KeyboardInterrupt:  # importing takes long enough to be interrupted
    raise SystemExit(130) from None

__all__ = ["main"]
