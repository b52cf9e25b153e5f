"""Forgeward runs the security programme that a Forge app vendor's policy promises, and proves that it does."""

__version__ = "0.1.0"
