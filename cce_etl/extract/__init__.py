"""What comes in: jobs and lists from the API over HTTP, lists of ids, payloads saved earlier."""
