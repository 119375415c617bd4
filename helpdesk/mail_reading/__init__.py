"""Reading mail: bytes in, a `Mail` out.

Pure: no database, no clock, no network, no Flask. `read` is the plain reader, `read_safely` the one for mail from
strangers; both always give a `Mail` back, with what could not be understood listed in its `problems`.
"""
