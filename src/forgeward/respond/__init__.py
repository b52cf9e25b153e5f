"""Respond: what a case is, which steps it takes, and what each step asks for. Pure."""
