"""Measurements that are no tests: how often the statistics find what was planted, and nothing else.

Lives here: scripts run by hand. Does not: what must hold before a change lands (tests/).
"""
