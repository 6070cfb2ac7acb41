"""What there is of value, gradient and Hessian at a point, and on what that rests.

A proof in balls comes first; where it does not tell, limits are looked for, which are evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from hesscli.answer import Undefined
from hesscli.balls.jets import BudgetError, Entry, Meter
from hesscli.balls.rounding import refined
from hesscli.errors import HessError, TooSlowError
from hesscli.exact.examiner import Examiner
from hesscli.exact.existing import Existing
from hesscli.exact.limits.evidence import by_limits
from hesscli.exact.proof import Exact, Proof, Prover
from hesscli.exact.sites import names_in, place_of
from hesscli.expression.walk import has_integral
from hesscli.functions.balls import NotProvedError, UndecidedError
from hesscli.functions.failures import SYMPY_FAILURES
from hesscli.notes import Note, Reason, Remark, Trouble
from hesscli.types import Formula, Site

# Up to so many rows, an entry's derivative in symbols is asked whether it is 0.
MAX_ORDER = 8


def proved(
    examiner: Examiner, point: Mapping[str, Exact], index: str, meter: Meter
) -> Existing | None:
    """What is proved at ``point``; ``index`` tells a tensor's element in sentences (``[0,1]``).

    Of integrals, that is what is proved of the closed forms where they are not known themselves.
    """
    if examiner.definition is not None:
        # With half of the work: the closed form is to be known, too, where this is too much.
        own = Meter(meter.left / 2)
        found = _proved(examiner.definition, point, index, own)
        meter.left /= 2
        if found is not None and _is_known(found):
            return found
    found = _proved(examiner, point, index, meter)
    closed_form = has_integral(examiner.formula.tree)
    return None if found is None else replace(found, closed_form=closed_form)


def _proved(
    examiner: Examiner, point: Mapping[str, Exact], index: str, meter: Meter
) -> Existing | None:
    prover = Prover(examiner.formula, point, meter)
    proof = prover()
    if proof is None:
        return None
    reasons, notes = _reasons(examiner.formula, proof, point, index)
    return Existing(
        numbers=proof.numbers,
        missing=proof.missing,
        defined=proof.has_value,
        by_limit=False,
        reasons=reasons,
        notes=notes,
        vanishes=None if proof.met or proof.because else partial(_vanishes, examiner, prover),
    )


def existing(examiner: Examiner, point: Mapping[str, Exact], index: str, meter: Meter) -> Existing:
    """What there is at a ``point`` that autograd cannot be trusted with, by proof or by limits."""
    found = proved(examiner, point, index, meter)
    if found is None or not _is_known(found):
        _require_rules(examiner)
        return by_limits(examiner.formula, point, index)
    if found.notes or found.reasons or Prover(examiner.formula, point, meter).is_on_site():
        return found
    return replace(found, notes=(Remark(Note.FROM_PROOF),))


def _require_rules(examiner: Examiner) -> None:
    """Raise :class:`HessError` that names a function whose derivative nobody knows."""
    if examiner.is_small:
        with suppress(*SYMPY_FAILURES):
            examiner.derivative((0,))


def _is_known(found: Existing) -> bool:
    """Whether there are enclosures that tell a double."""
    try:
        refined(found.numbers, found.vanishes)
    except (BudgetError, NotProvedError, UndecidedError):
        return False
    return True


def _vanishes(examiner: Examiner, prover: Prover, entry: Entry) -> bool:
    formula = examiner.formula
    if not examiner.is_small or formula.wrt > MAX_ORDER:
        return False
    piece = prover.piece()
    try:
        derivative = examiner.of(piece or formula.expression).derivative(entry)
    except TooSlowError:
        raise
    except (HessError, *SYMPY_FAILURES):
        return False  # there is none in symbols
    return prover.vanishes(derivative)


def _reasons(
    formula: Formula, proof: Proof, point: Mapping[str, Exact], index: str
) -> tuple[tuple[tuple[Site | None, Remark], ...], tuple[Remark, ...]]:
    """Why entries are missing, or what was met where none is."""
    reasons: dict[tuple[Site | None, Remark], None] = {}
    for site in proof.because:
        place = place_of([site], point, index)
        reasons[site, Remark(Reason.TROUBLE, (site.part, site.trouble, False, place))] = None
    if proof.missing and not reasons:
        place = place_of([], point, index)
        said = (formula.text, Trouble.NO_CURVATURE, False, place)
        reasons[None, Remark(Reason.TROUBLE, said)] = None
    met = [site for site in proof.met if names_in([site]).intersection(formula.differentiated)]
    notes = []
    if met:
        parts = tuple((site.part, site.trouble) for site in met)
        notes.append(Remark(Note.LIMITS_AGREE, (parts, place_of(met, point, index))))
    return tuple(reasons), tuple(notes)


def path(entry: Entry) -> str:
    """An entry's path into the JSON answer."""
    return ("value", "gradient", "hessian")[len(entry)] + "".join(f"[{i}]" for i in entry)


def undefined_entries(
    found: Sequence[tuple[Existing, Sequence[int]]], formula: Formula, order: int
) -> tuple[Undefined, ...]:
    """The reasons of all elements, each once, with the entries that it leaves without a number."""
    entries: dict[tuple[Site | None, Remark], list[str]] = {}
    for each, rows in found:
        for reason in each.reasons:
            entries.setdefault(reason, []).extend(_paths(each, rows, order))
    return tuple(
        Undefined(
            part=site.part if site else formula.text,
            span=site.span if site else None,
            reason=reason,
            entries=tuple(dict.fromkeys(paths)),
        )
        for (site, reason), paths in entries.items()
    )


def _paths(found: Existing, rows: Sequence[int], order: int) -> list[str]:
    """The entries that this leaves without a number, as paths into the JSON answer."""
    if not found.defined:
        return ["value", "gradient", "hessian"]
    lengths = [len(entry) for entry in found.missing]
    size = len(rows)
    if size == order and lengths.count(2) == len(lengths) == size * (size + 1) // 2:
        return ["hessian"]
    return [
        path(tuple(rows[i] for i in way))
        for entry in sorted(found.missing, key=lambda entry: (len(entry), entry))
        for way in dict.fromkeys((entry, entry[::-1]))
    ]
