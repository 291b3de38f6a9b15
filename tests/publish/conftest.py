"""An analyst who asks a server of the published file."""

from collections.abc import Iterator

import pytest

from tests.publish.analyst import Analyst


@pytest.fixture(scope="module")
def analyst() -> Iterator[Analyst]:
    """Return an analyst who has attached nothing."""
    made = Analyst()
    yield made
    made.close()
