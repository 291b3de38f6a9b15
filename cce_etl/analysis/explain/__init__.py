"""One page about one step: how long it takes, what changed, and what explains it."""
