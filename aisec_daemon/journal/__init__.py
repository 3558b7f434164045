"""The journal: what happened to findings, kept through crashes, and the queue of those to be told.

`Tail` is the part in memory; it serves alone where nothing is to be written.
"""
