"""Finds what endangers an app's users before a release.

    files ──project──▶ apps ──syntax──▶ value graphs ──flow──▶ calls, slices, guards ──rules──▶ findings ──report──▶

Everything here is pure: texts come in, findings come out. Reading folders and starting processes is done at the edges.
"""
