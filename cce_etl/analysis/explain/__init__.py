"""One page about one step type: how long it takes, what changed, and what explains the change."""
