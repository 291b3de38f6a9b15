"""The analysts' copy of the warehouse, and all that reads it."""
