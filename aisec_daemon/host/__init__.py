"""Ground floor: reads Linux and NVML, decides nothing.

Each source has a reader (input and output) and a pure parser (bytes to values). Text that leaves
this floor went through `redaction`: a command line's secrets never go further. Nothing here
imports NumPy at package level, so that the child process that talks to the driver stays small.
"""
