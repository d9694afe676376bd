"""The extension's version, as the engine has it. Standard library only."""

from ..engine.version import version

__all__ = ["version"]
