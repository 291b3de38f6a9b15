"""The settings of a run, and the sources, addresses and files that they name."""
