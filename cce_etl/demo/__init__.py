"""A synthetic fleet of CCE jobs with a known ground truth, and a loopback server that answers for it as the API would.

Nothing in it was observed in a real project, except the one example job of the API's documentation.
"""
