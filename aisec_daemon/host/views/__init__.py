"""Views of the processes that must agree: listings of /proc, the kernel, cgroups, NVML, mounts.

One file per view, `views` puts them side by side. Nothing here says who is guilty: a process that
one view knows and another does not is reported with both, and for how long that has been so.
"""
