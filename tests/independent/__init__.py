"""A second opinion on formulas: nothing here imports the program that is tested.

The text is read by Python's own parser over an allow-list and evaluated with mpmath at a high
precision; ``existence`` finds value, gradient and Hessian at a point, or that there are none.
"""

from __future__ import annotations

from .existence import Truth, existence
from .jets import Doubt
from .reading import Formula

__all__ = ["Doubt", "Formula", "Truth", "existence"]
