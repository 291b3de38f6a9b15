"""Calibration of intermediate.comparisons on synthetic fleets: `python -m benchmarks.calibration`.

Lives here: fleets with a planted truth, drawn as arrays; the real models run on them; the account of what they found.
Does not: the demo's fleet, whose bodies take longer to make than 40 fleets may.
"""
