"""Measurements that are no tests: time and memory beside floors and alternatives, and how often the statistics find
what was planted.

Lives here: scripts run by hand. Does not: what must hold before a change lands (tests/).
"""
