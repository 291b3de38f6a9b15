"""Scripts that measure time, memory and the power of the statistics, beside floors and alternatives.

They are run by hand. What must hold before a change lands is a test instead.
"""
