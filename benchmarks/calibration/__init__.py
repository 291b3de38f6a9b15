"""Calibration of intermediate.comparisons: how often the models find what was planted in synthetic fleets.

Fleets are drawn as arrays, since the bodies of the demo's fleet would take too long to make. `python -m
benchmarks.calibration` runs the real models on them and compares what they find with what was planted.
"""
