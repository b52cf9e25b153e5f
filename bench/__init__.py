"""Measured work: ``python -m bench`` runs all of it and writes docs/reference/performance.md.

Each module measures one part beside a floor of the same run; on a noisy machine the ratio is what to trust.
"""
