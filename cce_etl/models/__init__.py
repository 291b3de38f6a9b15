"""The SQL files of sql/ become tables, in the order of their dependencies."""
