"""What works on this node, what is lost where something does not, and the command that mends it.

A file per check or group: `read_…` looks, `judge_…` is pure and decides.
"""
