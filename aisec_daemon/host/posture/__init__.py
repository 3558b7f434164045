"""Posture: with which rights AI workloads really run, by /proc, not by what was declared."""
