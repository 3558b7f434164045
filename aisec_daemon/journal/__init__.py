"""The journal: what happened to findings, kept through crashes, and the queue of those to be told.

`Journal` is the whole: it takes ticks, hands out changes (`Outbox`), keeps what a restart needs and
remembers anything else under a name. `Tail` is its part in memory and serves alone where nothing is
to be written; `Writer` is its thread, `Waiting` what that has yet to write, `Store` the tables.
Whoever only asks (the command line) uses `reading` on a file opened with `open_readable`.

Floors above give it plain data; it knows neither pipeline nor clock, and no text in it is trusted.
"""
