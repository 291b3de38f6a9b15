"""Turn Huawei Cloud CCE jobs into answers.

What lives here: nothing but the package's name. The data's way is extract, flatten, warehouse, sql/, publish.
What does not: start-up work; `cce-etl --help` imports this package and must stay light.
"""
