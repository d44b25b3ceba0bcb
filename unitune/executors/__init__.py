"""Where objectives run."""

from unitune.executors.serial import Executor, SerialExecutor

__all__ = ["Executor", "SerialExecutor"]
