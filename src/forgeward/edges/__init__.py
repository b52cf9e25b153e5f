"""Edges: what touches the world. Each module turns something outside into frozen values, or the other way."""
