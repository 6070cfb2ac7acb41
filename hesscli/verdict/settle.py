"""Autograd's sums and the proofs of elements → the evaluation of a whole point.

A formula is elementwise, so its Hessian is the sum of what its elements contribute: those that
autograd can do come in as sums, the others are examined one by one and added in their places.
Within a budget of work, what autograd gives is proved, and replaced by the enclosures rounded; of
what is larger, a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from hesscli.answer import Answer, Basis, By, Doubles, Grounds, Place, Undefined
from hesscli.balls.jets import BudgetError, Meter
from hesscli.balls.rounding import Rounded
from hesscli.cost import Clock
from hesscli.exact.examiner import Examiner
from hesscli.exact.existence import path, undefined_entries
from hesscli.exact.proof import BUDGET, PATIENCE, Exact
from hesscli.exact.sites import place_of
from hesscli.expression.graph import Graph
from hesscli.expression.walk import has_integral
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.notes import Note, Reason, Remark, Trouble
from hesscli.shapes import size
from hesscli.types import Array, Formula, Point, Sums, Verify
from hesscli.verdict.enclosure import Elements, Enclosure, Part, joint, places
from hesscli.verdict.sample import Sample, sampled

# An element costs some tens of units at least.
MAX_PROVED_ELEMENTS = 5_000
NO_CLOCK = Clock()
# In units of the dtype's rounding, and relative to the exact number: in a dtype of the user's own
# choice, autograd's numbers are kept up to the first; digits were lost beyond the second.
KEPT = 4_500
LOST = 450_000


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer, as yet without a verdict, and the enclosures behind all its numbers, if any.

    ``in_scalars`` gives the formula in scalars, and their exact values, unless it is too long.
    """

    answer: Answer
    enclosure: Enclosure | None
    in_scalars: Callable[[], tuple[Formula, Mapping[str, Exact]] | None]


def _parts(packed: Array, order: int) -> dict[str, Array]:
    """Value, gradient and Hessian of what is packed, by their names in an answer.

    They stand one after the other, as what is done to one is done to all.
    """
    value, gradient, hessian = np.split(packed, [1, 1 + order])
    return {
        "value": value.reshape(()),
        "gradient": gradient,
        "hessian": hessian.reshape(order, order),
    }


def settle(
    sums: Sums,
    point: Point,
    examiner: Examiner,
    notes: tuple[Remark, ...] = (),
    verify: Verify = Verify.auto,
    clock: Clock = NO_CLOCK,
    graph: Graph | None = None,
) -> Settled:
    """The answer that autograd's sums and the examined elements make.

    Where it is proved, the numbers are the enclosures, rounded once; a note says where autograd's
    are far from them. ``notes`` are what is known about the point already; ``graph`` is that of a
    formula that joins its elements.
    """
    formula, order = examiner.formula, len(sums.gradient)
    elements = Elements(sums, point, examiner)
    with clock.within(0, "examining the kinks and edges at this point"):
        suspects = sums.suspects if graph is None else ()
        examined = [elements.examined(k, Meter(BUDGET)) for k in suspects]
    with clock.within(0, "proving the numbers"):
        proof, numbers = _proved(elements, point, verify, graph), None
    if not isinstance(proof, Remark):
        numbers = _by_proof(sums, examined, proof)
    if numbers is None:
        why = proof if isinstance(proof, Remark) else Remark(Reason.TOO_LARGE)
        numbers = _unproved(sums, point, examiner, graph, examined, why)
    if has_integral(formula.tree) and not numbers.by_definition:
        numbers.rest_on(Remark(Reason.INTEGRAL))
    total, met = numbers.total, numbers.met
    undefined = (
        *undefined_entries([(part.found, part.rows) for part in met], formula, order),
        *_overflow(total, order, elements),
    )
    defined = all(part.found.defined for part in met)
    if not defined:
        # Where the formula itself has no value, no derivative of the sum means anything.
        total[1:] = np.nan
    if not defined or not np.isfinite(total).any():
        numbers.rest_on(numbers.reason or Remark(Reason.NO_NUMBER))
    if numbers.rounded.hidden:
        notes = (*notes, Remark(Note.UNDERFLOW))
    how = dict.fromkeys(note for part in met for note in part.found.notes)
    found = _parts(total, order)
    answer = Answer(
        basis=Basis.DOUBLES,
        formula=formula,
        place=Place(sums.variables, sums.constants, sums.numbers),
        jet=Doubles(float(total[0]), found["gradient"], found["hessian"]),
        structural=elements.zeros(known=numbers.exact is not None),
        grounds=_grounds(numbers, elements),
        undefined=undefined,
        notes=(*formula.notes, *summed(sums.shape), *notes, *numbers.notes, *how),
    )
    scalars = {name: entries[0] for name, entries in elements.entries.items()}
    return Settled(answer, numbers.enclosure, lambda: (formula, scalars))


@dataclass(slots=True)
class _Numbers:
    """Doubles, packed, and on what they rest; ``exact`` are those that are proved.

    ``met`` are the parts that have something to say.
    """

    total: Array
    rounded: Rounded
    met: list[Part]
    reason: Remark | None = None
    digits: int | None = None
    by: By | None = None
    exact: Array | None = None
    enclosure: Enclosure | None = None
    sample: Sample | None = None
    notes: tuple[Remark, ...] = ()

    @property
    def by_definition(self) -> bool:
        """Whether they are proved of the integrals themselves, not of their closed forms."""
        enclosure = self.enclosure
        return enclosure is not None and not any(p.found.closed_form for p in enclosure.parts)

    def rest_on(self, reason: Remark) -> None:
        """Take back that the numbers are verified, if they were."""
        self.by = self.digits = self.enclosure = self.sample = None
        self.reason = self.reason or reason


def _grounds(numbers: _Numbers, elements: Elements) -> Grounds:
    exact, sample, sums = numbers.exact, numbers.sample, elements.sums
    return Grounds(
        digits=numbers.digits,
        by=numbers.by,
        reason=numbers.reason,
        proved=None if sample is None else len(sample.numbers),
        of=None if sample is None else sample.of,
        below={path(entry): bound for entry, bound in sorted(numbers.rounded.below.items())},
        hessian=None if exact is None else _parts(exact, len(sums.gradient))["hessian"],
        epsilon=sums.epsilon,
        slack=_slack(elements, exact is not None and not sums.single),
        underflow=bool(numbers.rounded.hidden or numbers.rounded.below),
        sloping=any(len(entry) == 1 for entry in numbers.rounded.hidden),
    )


def _packed(sums: Sums) -> Array:
    return np.concatenate([[sums.value], sums.gradient, sums.hessian.ravel()])


def _proved(
    elements: Elements, point: Point, verify: Verify, graph: Graph | None
) -> list[Part] | Remark:
    """What is proved of each element that autograd did, or why it is not."""
    sums = elements.sums
    if verify is Verify.never:
        return Remark(Reason.NOT_ASKED)
    meter = Meter(BUDGET * (PATIENCE if verify is Verify.always else 1))
    closed_form = has_integral(elements.examiner.formula.tree)
    suspects, count = set(sums.suspects), size(sums.shape)
    found: list[Part | None] = []
    if sums.structural is not None and graph is not None:
        found = [joint(graph, sums, point, meter, closed_form)]
    elif count > MAX_PROVED_ELEMENTS and verify is Verify.auto:
        return Remark(Reason.TOO_LARGE)
    else:
        for k in range(count):
            if k not in suspects:
                found.append(elements.proved(k, meter))
            if found and found[-1] is None:
                break
    if None not in found:
        return [part for part in found if part is not None]
    if meter.left >= 0:
        return Remark(Reason.NOT_PROVED)
    return Remark(Reason.TOO_LARGE if verify is Verify.auto else Reason.MUCH_TOO_LARGE)


def _by_proof(sums: Sums, examined: list[Part], proof: list[Part]) -> _Numbers | None:
    """The enclosures of all elements, rounded; None where not all are narrow enough."""
    order, rest = len(sums.gradient), _packed(sums)
    enclosure = Enclosure([*examined, *proof])
    try:
        exact, rounded = enclosure.doubles(order)
        regular = Enclosure(proof).doubles(order)[0] if examined else exact
    except (BudgetError, NotProvedError, UndecidedError):
        return None
    total = exact.copy()
    if sums.single:
        with np.errstate(invalid="ignore"):
            total = exact - regular + _mended(rest, regular, sums)
    limits = any(part.found.by_limit for part in examined)
    return _Numbers(
        total=total,
        rounded=rounded,
        met=[*examined, *(part for part in proof if part.found.reasons or part.found.notes)],
        digits=_digits(total, exact, sums.epsilon) if sums.single else rounded.digits,
        by=By.LIMIT if limits else By.PROOF,
        exact=exact,
        enclosure=None if limits else enclosure,
        notes=tuple(_lost(rest, regular, sums)),
    )


def _unproved(
    sums: Sums,
    point: Point,
    examiner: Examiner,
    graph: Graph | None,
    examined: list[Part],
    reason: Remark,
) -> _Numbers:
    """Autograd's numbers, with what was examined; a sample of them is proved where it may be."""
    order, rest = len(sums.gradient), _packed(sums)
    result = _Numbers(rest, Rounded(), examined, reason)
    if examined:
        added, result.rounded = Enclosure(examined).doubles(order)
        result.total = rest + added
    elif reason.kind is Reason.TOO_LARGE and not sums.single:
        result.sample = sampled(sums, point, examiner, graph)
    if result.sample is not None:
        result.notes = tuple(_lost_in(result.sample, rest, order))
        result.total, result.digits = _with_sample(result.sample, rest, order, sums.epsilon)
        result.by, result.reason = By.SAMPLE, None
    return result


def _with_sample(
    sample: Sample, found: Array, order: int, epsilon: float
) -> tuple[Array, int | None]:
    """The numbers, the sampled ones proved; and to how many digits all agreed that are not lost."""
    total = found.copy()
    worst = epsilon / 2
    for entry, number in sample.numbers.items():
        where = places(entry, order)
        off = abs(found[where[0]] - number)
        if number and off <= LOST * epsilon * abs(number):
            worst = max(worst, off / abs(number))
        total[where] = number
    return total, int(-np.log10(worst))


def _lost_in(sample: Sample, found: Array, order: int) -> Iterator[Remark]:
    """A note where autograd's number is far from a sampled one, beyond the rounding of the rest."""
    scale = float(np.abs(found[1 + order :]).max(initial=0.0))
    epsilon = float(np.finfo(float).eps)
    for entry, number in sample.numbers.items():
        computed = float(found[places(entry, order)[0]])
        off = abs(computed - number)
        if not off <= max(LOST * epsilon * abs(number), 8 * order * epsilon * scale):
            yield Remark(Note.LOST_DIGITS, (path(entry), computed))
            return


def _mended(found: Array, exact: Array, sums: Sums) -> Array:
    """The exact numbers, but autograd's where they agree to less than double precision."""
    kept = KEPT * sums.epsilon * np.abs(exact)
    return np.where(_difference(found, exact) <= kept, found, exact)


def _lost(found: Array, exact: Array, sums: Sums) -> Iterator[Remark]:
    """A note where autograd lost digits beyond the rounding of the whole matrix.

    A slope is known up to the rounding of the coordinates times the curvature.
    """
    order, epsilon = len(sums.gradient), sums.epsilon
    computed, right = _parts(found, order), _parts(exact, order)
    curvature = float(np.abs(right["hessian"]).max())
    slope = float(np.abs(right["gradient"]).max())
    reach = max(float(np.abs(numbers).max()) for numbers in sums.numbers.values())
    allowed = {
        "value": 0.0,
        "gradient": 8 * epsilon * (slope + curvature * reach),
        "hessian": 8 * epsilon * curvature,
    }
    for name, least in allowed.items():
        excess = _difference(computed[name], right[name])
        lost = ~(excess <= np.maximum(LOST * epsilon * np.abs(right[name]), least))
        if lost.any():
            worst = np.unravel_index(int(np.argmax(np.where(lost, excess, -1.0))), excess.shape)
            entry = name + "".join(f"[{k}]" for k in worst)
            yield Remark(Note.LOST_DIGITS, (entry, float(computed[name][worst])))
            return


def _digits(found: Array, exact: Array, epsilon: float) -> int | None:
    """The significant digits to which every number agrees; None where there is no number."""
    both = np.isfinite(found) & np.isfinite(exact)
    if not both.any():
        return None
    both &= exact != 0
    errors = _difference(found[both], exact[both]) / np.abs(exact[both])
    return int(-np.log10(max(float(errors.max(initial=0.0)), epsilon / 2)))


def _difference(found: Array, exact: Array) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.abs(found - exact))


def _overflow(total: Array, order: int, elements: Elements) -> list[Undefined]:
    """Turns infinite numbers into missing entries, with the reason."""
    infinite = np.isinf(total)
    if not infinite.any():
        return []
    total[infinite] = np.nan
    formula = elements.examiner.formula
    reason = Remark(Reason.SUM_TOO_LARGE)
    if size(elements.sums.shape) == 1 and elements.sums.structural is None:
        point = {name: entries[0] for name, entries in elements.entries.items()}
        place = place_of([], point, "")
        reason = Remark(Reason.TROUBLE, (formula.text, Trouble.TOO_LARGE, False, place))
    names = tuple(name for name, part in _parts(infinite, order).items() if part.any())
    return [Undefined(formula.text, None, reason, names)]


def _slack(elements: Elements, is_exact: bool) -> Array:
    """How far each coordinate may be from the one that was meant.

    A coordinate that was typed with few digits is meant exactly, and where the gradient was
    computed exactly at it, nothing was rounded; one with all the digits of a double is a rounded
    number. Near a pole or an edge, the distance to it is what matters, and the point is taken as it
    is.
    """
    sums = elements.sums
    numbers = np.concatenate([sums.numbers[v.name] for v in sums.variables])
    if sums.suspects:
        return np.zeros_like(numbers)
    meant = [
        is_exact and isinstance(e, Fraction) and Fraction(f"{float(e):.14g}") == e
        for v in sums.variables
        for e in elements.entries[v.name]
    ]
    return np.where(meant, 0.0, sums.epsilon * np.abs(numbers))


def not_settled(settled: Settled, sums: Sums) -> Settled:
    """The answer that there is none: elements of its parts are too near to a kink or an edge."""
    answer, order = settled.answer, len(sums.gradient)
    undefined = tuple(
        Undefined(
            met.part, met.span,
            Remark(Reason.NOT_SETTLED, (met.part, met.trouble, *met.index)),
            ("value", "gradient", "hessian"),
        )
        for met in sums.met[:1]
    )  # fmt: skip
    assert answer.grounds is not None
    grounds = replace(
        answer.grounds, digits=None, by=None, proved=None, of=None, below={}, hessian=None,
        reason=undefined[0].reason if undefined else Remark(Reason.NO_NUMBER),
    )  # fmt: skip
    jet = Doubles(np.nan, np.full(order, np.nan), np.full((order, order), np.nan))
    answer = replace(answer, jet=jet, grounds=grounds, undefined=undefined)
    return replace(settled, answer=answer, enclosure=None)


def summed(shape: tuple[int, ...]) -> list[Remark]:
    """A note where a formula gives a tensor."""
    count = size(shape)
    if count == 1:
        return []
    return [Remark(Note.SUMMED, (count, list(shape)))]
