"""What an answer has to say, as enumerations with arguments; the words are in ``render``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Trouble(Enum):
    """What is wrong with a part of a formula at a place."""

    NOT_REAL = auto()
    EDGE = auto()  # of its domain
    INFINITE = auto()
    KINK = auto()
    POLE = auto()
    BY_ZERO = auto()
    NO_BASE = auto()
    JUMP = auto()
    TIE = auto()
    SWITCH = auto()  # a condition changes sides
    VERTICAL = auto()
    BRANCH_CUT = auto()
    TOO_FAR = auto()  # left of 0, to evaluate
    POSITIVE_ONLY = auto()  # the domain that is computed
    WHOLE_EXPONENTS = auto()
    NO_PIECE = auto()  # none of the conditions holds
    NO_REAL_FORM = auto()
    NO_CURVATURE = auto()
    TOO_LARGE = auto()  # for a double


# Where a part has no finite value.
WITHOUT_VALUE = (Trouble.POLE, Trouble.INFINITE, Trouble.BY_ZERO, Trouble.NO_BASE)


class Reason(Enum):
    """Why entries have no number, or were not compared. The arguments are given."""

    TROUBLE = auto()  # part, Trouble, whether too many variables meet, coordinates
    NOT_SETTLED = auto()  # part, Trouble, the indices of its element
    SUM_TOO_LARGE = auto()
    NO_EXACT_FORM = auto()  # the double
    NO_MORE_DIGITS = auto()  # the double
    NO_FORM_IN_LETTERS = auto()
    NO_NUMBER = auto()
    NOT_ASKED = auto()
    TOO_LARGE = auto()
    MUCH_TOO_LARGE = auto()
    NOT_PROVED = auto()
    INTEGRAL = auto()


class Note(Enum):
    """What a user should know of an answer. The arguments are given."""

    READ_AS = auto()  # the formula in Python's notation
    CONSTANT = auto()  # name, what it is read as
    GIVEN = auto()  # name
    FUNCTION_NAME = auto()  # name
    PI_NAME = auto()  # name
    UNIT_NAME = auto()  # name
    ONE_NAME = auto()  # name, the product that it may be meant for
    ELEMENTWISE = auto()  # the product as typed, that of matrices
    RANKS = auto()  # pairs of a name and the number of its axes
    SINC = auto()
    ROOT = auto()  # the power as typed, the number it is divided by
    HEADER = auto()  # variables
    LETTERS = auto()  # variables that have no value
    TRIED = auto()  # values of theirs at which an entry is missing
    HOLDS_WHERE_REAL = auto()  # parts
    HOLDS_EXCEPT = auto()  # parts, Trouble
    NO_REAL_FORMULA = auto()
    SUMMED = auto()  # count, shape
    LOST_DIGITS = auto()  # entry, autograd's number
    UNDERFLOW = auto()
    FROM_PROOF = auto()
    LIMITS_AGREE = auto()  # pairs of a part and its Trouble, coordinates
    SEED = auto()  # seed
    NOT_SYMMETRIC = auto()  # the largest difference
    LARGE_MINOR = auto()
    LONG_MINOR = auto()
    ZERO_BY_DEFAULT = auto()  # an eigenvalue that could not be told from 0


class Cause(Enum):
    """What may be wrong with the user's matrix as a whole, or with some of its entries."""

    NO_NUMBER = auto()
    NOT_SYMMETRIC = auto()
    ROUNDED_TO_DIGITS = auto()
    ROUNDED_TO_DECIMALS = auto()
    SIGN = auto()
    SIGN_OF_ENTRIES = auto()
    TWICE = auto()
    HALF = auto()
    SUM_FOR_MEAN = auto()
    MEAN_FOR_SUM = auto()
    HALVED = auto()
    HALVED_ON_DIAGONAL = auto()
    HALVED_OFF_DIAGONAL = auto()
    DOUBLED = auto()
    DOUBLED_ON_DIAGONAL = auto()
    DOUBLED_OFF_DIAGONAL = auto()
    TRANSPOSED = auto()
    ONLY_UPPER = auto()
    ONLY_LOWER = auto()
    ONLY_DIAGONAL = auto()
    COLUMN_MAJOR = auto()
    VARIABLES_MOVED = auto()
    ELEMENTS_MOVED = auto()
    INVERSE = auto()
    EIGENVALUES = auto()


@dataclass(frozen=True, slots=True)
class Remark:
    """A note or a reason, with what it is about."""

    kind: Note | Reason
    arguments: tuple[Any, ...] = ()
