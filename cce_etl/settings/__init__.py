"""Settings of one run: where they come from, what they may be, and which sources and files they name."""
