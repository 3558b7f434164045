"""TCP sockets of processes: sock_diag in our own network namespace, /proc/PID/net in others."""
