"""GPUs through NVML, read by a child process that can be left behind when the driver hangs.

`client.Nvml` is what samplers are given. `supervisor` keeps the children, `child` is their program,
`frames` what they send. Everything the child imports does without NumPy.
"""
