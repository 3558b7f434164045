"""What model servers put out: files and pipes that they append to, and an intake on loopback.

A line is one output: a number, numbers joined by commas, or one word; after a tab-separated name of
the model where a source serves several (`fraud<TAB>0.93`).
"""
