"""The types of numpy arrays, for all rooms that use them."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
# The number of each value's group, counted from 0; -1 where a function says so for a value in no group.
GroupArray: TypeAlias = NDArray[np.int32] | IntArray
