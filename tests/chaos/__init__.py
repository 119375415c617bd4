"""Chaos: real processes that are killed at every point, parts that come and go, and a balance at the end.

`make chaos` runs it long; the tests beside this file run each of it once, briefly.
"""
