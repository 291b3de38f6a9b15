"""The tree of one job, and the trace formats it can be written in."""
