"""One job's tree as a trace: its nodes in order of time, and documents that trace viewers read."""
