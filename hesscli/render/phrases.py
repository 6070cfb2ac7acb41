"""The words of notes, reasons and likely causes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hesscli.answer import MAX_NAMED, Finding
from hesscli.errors import shortened
from hesscli.notes import Cause, Note, Reason, Remark, Trouble
from hesscli.shapes import label

TROUBLES = {
    Trouble.NOT_REAL: "is not real",
    Trouble.EDGE: "is at the edge of its domain",
    Trouble.INFINITE: "is not finite",
    Trouble.KINK: "has a kink",
    Trouble.POLE: "has a pole",
    Trouble.BY_ZERO: "divides by zero",
    Trouble.NO_BASE: "has a base without logarithms",
    Trouble.JUMP: "jumps",
    Trouble.TIE: "has a tie",
    Trouble.SWITCH: "changes sides",
    Trouble.VERTICAL: "has a vertical tangent",
    Trouble.BRANCH_CUT: "is on its branch cut",
    Trouble.TOO_FAR: "is too far left of 0 to evaluate",
    Trouble.POSITIVE_ONLY: "is computed for x >= 0 only",
    Trouble.WHOLE_EXPONENTS: "is real only for whole exponents",
    Trouble.NO_PIECE: "has no value here: none of its conditions holds",
    Trouble.NO_REAL_FORM: "has no real closed form",
    Trouble.NO_CURVATURE: "has no finite second derivative",
    Trouble.TOO_LARGE: "leads to a number beyond the largest double, 1.8e308,",
}


def words(remark: Remark) -> str:
    """The sentence of a note or a reason."""
    phrase = _PHRASES[remark.kind]
    return phrase.format(*remark.arguments) if isinstance(phrase, str) else phrase(remark.arguments)


def _at(coordinates: Sequence[str]) -> str:
    if not coordinates:
        return ""
    return " at " + ", ".join(coordinates[:4]) + (", …" if len(coordinates) > 4 else "")


def _trouble(arguments: tuple[Any, ...]) -> str:
    part, trouble, crowded, coordinates = arguments
    more = ", with too many variables to examine," if crowded else ""
    return f"{shortened(part)} {TROUBLES[trouble]}{more}{_at(coordinates)}"


def _not_settled(arguments: tuple[Any, ...]) -> str:
    part, trouble, *index = arguments
    where = f": element {label(index)}" if index else ""
    return f"{shortened(part)}{where} {TROUBLES[trouble]}, or is too near to tell"


def _limits_agree(arguments: tuple[Any, ...]) -> str:
    met, coordinates = arguments
    parts = dict.fromkeys(f"{shortened(part)} {TROUBLES[trouble]}" for part, trouble in met)
    return f"{', '.join(parts)}{_at(coordinates)}; the limits from all sides agree"


def _listed(parts: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(map(shortened, parts)))
    more = [f"{len(distinct) - 3} more"] if len(distinct) > 3 else []
    return " or ".join([", ".join(distinct[:3]), *more])


def _where_real(arguments: tuple[Any, ...]) -> str:
    (parts,) = arguments
    return f"holds where {_listed(parts)} {'is' if len(set(parts)) == 1 else 'are'} real"


def _ranks(arguments: tuple[Any, ...]) -> str:
    said = []
    for rank, (one, many) in enumerate(
        (("number", "numbers"), ("vector", "vectors"), ("matrix", "matrices"))
    ):
        names = [name for name, own in arguments if own == rank]
        if names:
            said.append(f"{', '.join(names)} {f'is a {one}' if len(names) == 1 else f'are {many}'}")
    return f"{'; '.join(said)}: by their letters, for a matrix formula"


_PHRASES: dict[Note | Reason, str | Callable[[tuple[Any, ...]], str]] = {
    Reason.TROUBLE: _trouble,
    Reason.NOT_SETTLED: _not_settled,
    Reason.SUM_TOO_LARGE: "the sum over the elements is beyond the largest double, 1.8e308",
    Reason.NO_EXACT_FORM: "no exact form was found; it is about {0:.6g}",
    Reason.NO_MORE_DIGITS: "no more digits than a double has were found: {0!r}",
    Reason.NO_FORM_IN_LETTERS: "no form in the letters that are left was found",
    Reason.NO_NUMBER: "there is no number to compare",
    Reason.NOT_ASKED: "not asked for",
    Reason.TOO_LARGE: "too large to prove by default; `--verify always` tries for longer",
    Reason.MUCH_TOO_LARGE: "too large to prove",
    Reason.INTEGRAL: "an integral is taken from SymPy's closed form, which is compared with a "
    "quadrature and not proved",
    Reason.NOT_PROVED: "no enclosure is known of a part of the formula here",
    Note.READ_AS: "read as: {0}",
    Note.CONSTANT: "`{0}` is read as {1}; `--at {0}=…` makes it a variable",
    Note.GIVEN: "`{0}` is read as a variable, because it is given a value",
    Note.FUNCTION_NAME: "`{0}` is read as a variable; `{0}(…)` is the function",
    Note.PI_NAME: "`{0}` is read as a variable; the constant is `pi`",
    Note.UNIT_NAME: "`{0}` is read as a variable; the imaginary unit is `I`",
    Note.ONE_NAME: "`{0}` is read as one variable; `{1}` is the product",
    Note.ELEMENTWISE: "`{0}` is the product of elements; `{1}` is that of matrices",
    Note.RANKS: _ranks,
    Note.SINC: "`sinc(x)` is sin(x)/x; NumPy's sin(pi*x)/(pi*x) is `sinc(pi*x)`",
    Note.ROOT: "`{0}/{1}` is read as `({0})/{1}`; a root is a power of `(1/{1})`",
    Note.HEADER: "differentiated in {0}, the variables of the function",
    Note.LETTERS: lambda a: (
        f"{listed(a[0])} {'has' if len(a[0]) == 1 else 'have'} no value: the "
        f"answer is in {'this letter' if len(a[0]) == 1 else 'these letters'}"
    ),
    Note.TRIED: lambda a: f"what is none is missing at {listed(a[0])}; it may exist elsewhere",
    Note.HOLDS_WHERE_REAL: _where_real,
    Note.HOLDS_EXCEPT: lambda a: f"holds except where {_listed(a[0])} {TROUBLES[a[1]]}",
    Note.NO_REAL_FORMULA: "the formula is not real",
    Note.SUMMED: "summed over {0} elements: the formula gives a tensor of shape {1}",
    Note.LOST_DIGITS: "floating point lost digits: autograd gives {1:.6g} for {0}; "
    "what is proved is given",
    Note.UNDERFLOW: "a number below the smallest double, 5e-324, is given as 0",
    Note.FROM_PROOF: "from enclosures: floating point cannot be trusted here",
    Note.LIMITS_AGREE: _limits_agree,
    Note.SEED: "drawn with --seed {0}",
    Note.NOT_SYMMETRIC: "the computed matrix is not symmetric: entries differ from their mirror "
    "image by up to {0:.3g}; the eigenvalues are those of its symmetric part",
    Note.LARGE_MINOR: "a minor is beyond the largest double, 1.8e308: `--digits` has it",
    Note.LONG_MINOR: "a minor is too long to be written in closed form: `--digits` has it",
    Note.ZERO_BY_DEFAULT: "an eigenvalue that could not be told from 0 is given as 0",
}

_CAUSES = {
    Cause.NO_NUMBER: "hess has no number for {names}",
    Cause.NOT_SYMMETRIC: "your {what} is not symmetric: {names} differ",
    Cause.ROUNDED_TO_DIGITS: "rounded to {number} digits",
    Cause.ROUNDED_TO_DECIMALS: "rounded to {decimals}",
    Cause.SIGN: "the sign of the whole {what}",
    Cause.SIGN_OF_ENTRIES: "{names}: likely a sign",
    Cause.TWICE: "the whole {what} is twice hess's, as without the 1/2 of a quadratic form",
    Cause.HALF: "the whole {what} is half of hess's, as with a factor 2 missing",
    Cause.SUM_FOR_MEAN: "the whole {what} is {number} times hess's, as a sum in place of a mean",
    Cause.MEAN_FOR_SUM: "the whole {what} is 1/{number} of hess's, as a mean in place of a sum",
    Cause.HALVED: "{names}: likely a factor 2 missing",
    Cause.HALVED_ON_DIAGONAL: "the diagonal entries: likely a factor 2 missing",
    Cause.HALVED_OFF_DIAGONAL: "the entries off the diagonal: likely a factor 2 missing",
    Cause.DOUBLED: "{names}: likely a factor 2 too many",
    Cause.DOUBLED_ON_DIAGONAL: "the diagonal entries: likely a factor 2 too many",
    Cause.DOUBLED_OFF_DIAGONAL: "the entries off the diagonal: likely a factor 2 too many",
    Cause.TRANSPOSED: "your matrix is transposed",
    Cause.ONLY_UPPER: "only the upper triangle is filled in",
    Cause.ONLY_LOWER: "only the lower triangle is filled in",
    Cause.ONLY_DIAGONAL: "only the diagonal is filled in",
    Cause.COLUMN_MAJOR: "likely the elements of {names} in column-major order",
    Cause.VARIABLES_MOVED: "likely the variables {names} {moved}{order}",
    Cause.ELEMENTS_MOVED: "likely {names} {moved}",
    Cause.INVERSE: "this is the inverse of the Hessian",
    Cause.EIGENVALUES: "these are the eigenvalues in place of the matrix",
}


def listed(names: Sequence[str]) -> str:
    """Names one after the other: `x, y and z`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def likely(finding: Finding, *, of_matrix: bool = True) -> str:
    """What a finding says to the user."""
    decimals = f"{finding.number} decimal{'s' * (finding.number != 1)}"
    more = finding.count - MAX_NAMED
    names = [*finding.names[:MAX_NAMED], *([f"{more} more"] if more > 0 else [])]
    said = _CAUSES[finding.cause].format(
        names=listed(names),
        what="matrix" if of_matrix else "gradient",
        number=finding.number,
        decimals=decimals if finding.number else "whole numbers",
        moved="swapped" if finding.count == 2 else "in another order",
        order=f": try `--wrt {','.join(finding.order)}`, with values by name"
        if finding.order
        else "",
    )
    rounded = finding.rounded and likely(finding.rounded, of_matrix=of_matrix)
    return f"{said}; {rounded}" if rounded else said
