"""The SQL files of sql/ become tables and views, each after all that it selects from."""
