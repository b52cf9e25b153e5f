"""What pages and commands show, as frozen dataclasses. Nothing here writes; nothing here returns a row.

people      names, roles, one-time links
texts       sealed texts of many entries, opened with one query
cases       who sees which case; lists by nearest deadline
case_page   one case, whole
today       what is due, late, waiting
standing    the promises and what shows that they are kept
notices     outgoing mail and its fate
rooms       the figures of the menu
words       change kinds, steps, states and clocks in human words
"""
