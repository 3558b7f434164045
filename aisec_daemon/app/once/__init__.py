"""One look at the node: what `aisec-daemon once` sees."""
