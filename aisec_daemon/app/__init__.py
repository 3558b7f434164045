"""The only floor with a clock, threads, signals, settings and the catalogue of plug-ins."""
