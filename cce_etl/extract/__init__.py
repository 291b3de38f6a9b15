"""Everything that comes in: the API over HTTP, id lists, payloads saved earlier.

Lives here: httpx and aiohttp, sign-in, pacing, retries, file formats.
Does not: what a body means (`job`), where it is kept (`warehouse/`).
"""
