"""Processes: who they are and what they use, read from /proc and from the process connector.

Parsers are named after the files they understand (`stat`, `status`, `cgroup`, `events`), readers
stand beside them (`attributes`, `connector`), `processes` puts them together.
"""
