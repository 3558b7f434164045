"""Lets `python -m aisec_daemon` do what `aisec-daemon` does."""

from aisec_daemon.cli import main

main()
