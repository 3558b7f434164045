"""Indicators of known miners: names, arguments, files and pools, and the matcher that knows them.

Looked at on the ground floor, before redaction; what leaves it are the ids of what matched, never
the text that did.
"""
