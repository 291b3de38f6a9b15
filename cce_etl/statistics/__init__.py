"""The statistics behind the models: functions from arrays to arrays and small records, on numpy, scipy and ruptures.

Three seams: what is tested (`slices`, `residuals`), the tests (`significance`, `change_points`, `slice_comparisons`)
and the search among their results (`cohort_search`). Tables and the words of a report belong to `models/computed`.
"""
