"""A new plugin: a package that can be published, written from templates."""

from unitune.scaffold.writing import write_plugin

__all__ = ["write_plugin"]
