"""The mathematics behind the answers: arrays in, rows out; numpy and scipy only.

Lives here: walks over trees of intervals, survival curves, intervals, comparisons, change points.
Does not: reading or writing tables (`computed`), SQL, charts.
"""
