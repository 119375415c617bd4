"""Two people, or two workers, in the same moment: a table of pairs, each with what may come of it.

RACE_RUNS=200 pytest tests/races -s    # the long form, which also prints how often each outcome was seen
"""
