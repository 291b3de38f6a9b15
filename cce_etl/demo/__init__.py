"""A synthetic fleet of CCE jobs with planted truths, and a server that answers for it as the API would.

Lives here: invented jobs and the loopback server. Nothing in it was ever observed in a real project.
Does not: faults, real credentials, anything that reads or writes the warehouse.
"""
