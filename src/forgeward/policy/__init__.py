"""The policy as a program: what is promised, in which figures, counted in whose business time, and whether it is kept.

``document`` reads the promises; ``targets`` the figures in them; ``calendar`` counts business time; ``clock`` decides
whether a promise was met or missed. All of it is pure: ``now`` comes in as an argument.
"""
