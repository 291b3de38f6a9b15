"""The bytes of a job's answer become the rows of core.jobs. Nothing here reads or writes anything."""
