"""A formula of vectors and constant matrices → its blocks as matrix formulas: ``A + A.T``.

The graph of the formula is walked once forwards, for what each part changes with the variables, and
once backwards, for what the formula changes with each part. The Hessian is then a sum over the
parts that are not linear, of chains such as ``A.T@diag(w)@A``: edge pushing of Gower and Mello, *A
new framework for the computation of Hessians*, on vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

import sympy

from hesscli.answer import Answer, Basis, Expressions, Place
from hesscli.derive.conditions import with_conditions
from hesscli.errors import HessError
from hesscli.expression.calculus import smooth_derivative
from hesscli.expression.graph import Contract, Graph, Index, Node, Reduce, Region, operands
from hesscli.expression.names import example_point, symbol
from hesscli.expression.notation import tree_of
from hesscli.expression.tensors import graph_of
from hesscli.language import tree
from hesscli.language.tokens import GREEK
from hesscli.language.writer import unparse
from hesscli.notes import Note, Remark, Trouble
from hesscli.shapes import Shape
from hesscli.types import Expr, Formula, Site, Variable

_LENGTH = 3  # of each axis: no rule looks at it
_SPAN = (0, 0)
MAX_FACTORED = 80  # operations of an expression for which a shorter form is looked for


class _NoRuleError(Exception):
    """No matrix formula is known for a part."""


@dataclass(frozen=True, slots=True)
class _Factor:
    """A factor of a chain: a matrix, a diagonal one of the elements of a vector, or u·vᵀ."""

    matrix: tree.Node | None = None
    diagonal: Expr | None = None
    outer: tuple[Expr, Expr] | None = None

    @property
    def turned(self) -> _Factor:
        """Its transpose."""
        if self.matrix is not None:
            return _Factor(matrix=_transposed(self.matrix))
        return _Factor(outer=self.outer[::-1]) if self.outer else self


@dataclass(frozen=True, slots=True)
class _Chain:
    """A number by factors; without any, by the identity."""

    number: Expr
    factors: tuple[_Factor, ...] = ()

    @property
    def turned(self) -> _Chain:
        """Its transpose."""
        return _Chain(self.number, tuple(f.turned for f in reversed(self.factors)))

    def __matmul__(self, other: _Chain) -> _Chain:
        return _Chain(self.number * other.number, (*self.factors, *other.factors))


def blocks(formula: Formula) -> Answer:
    """Gradient and Hessian of a tensor formula as matrix formulas, one block a variable.

    A name with a capital letter is a matrix, and constant; a Greek one a number, and constant; any
    other a vector, and differentiated unless others are named. Raises :class:`HessError` where no
    rule gives a matrix formula.
    """
    ranks = {name: _rank(name) for name in formula.variables}
    named = formula.wrt < len(formula.variables) - len(formula.places)
    chosen = [n for n in formula.differentiated if ranks[n] == 1]
    others = [n for n in formula.differentiated if ranks[n] != 1]
    try:
        if formula.places or not chosen or (named and others):
            raise _NoRuleError
        shapes = {name: (_LENGTH,) * rank for name, rank in ranks.items()}
        matrices = _Blocks(graph_of(formula, shapes), shapes, chosen)
        gradient, hessian = matrices.gradient(), matrices.hessian()
    except (_NoRuleError, HessError):
        raise HessError(
            "missing-point",
            "no matrix formula is known for this Hessian: at a point, its numbers are",
            hint=example_point(formula.variables),
        ) from None
    answer = Answer(
        basis=Basis.SYMBOLS,
        formula=formula,
        place=Place(tuple(Variable(name, ()) for name in chosen), (), {}),
        jet=Expressions(symbol(formula.text), gradient, hessian),
        structural=tuple(tuple(entry == 0 for entry in row) for row in hessian),
        notes=(*formula.notes, Remark(Note.RANKS, tuple(sorted(ranks.items())))),
    )
    return with_conditions(answer, matrices.sites())


def _rank(name: str) -> int:
    if name[0].isupper():
        return 2
    return 0 if name.partition("_")[0].rstrip("0123456789") in GREEK.values() else 1


class _Blocks:
    def __init__(self, graph: Graph, shapes: Mapping[str, Shape], variables: Sequence[str]) -> None:
        self.graph = graph
        self.variables = variables
        self.shapes = {**shapes, **graph.shapes}
        self.trees: dict[str, tree.Node] = {name: tree.Name(_SPAN, name) for name in shapes}
        self.chains: dict[str, dict[str, list[_Chain]]] = {
            name: {name: [_Chain(sympy.S.One)]} for name in variables
        }
        self.varying = set(variables)
        for name, node in graph.nodes.items():
            self.trees[name], self.chains[name] = self._forwards(node)
            if not self.varying.isdisjoint(operands(node)):
                self.varying.add(name)
        if graph.root.shape(self.shapes):
            raise _NoRuleError  # summed without being asked for
        self.slopes = self._backwards(dict(self._partials(graph.root)))

    # What a part changes with

    def _forwards(self, node: Node) -> tuple[tree.Node, dict[str, list[_Chain]]]:
        """The text of a node, and what a vector changes with each variable."""
        match node:
            case Region(expression=expression):
                if node.shape(self.shapes) and not self._is_vector(expression):
                    raise _NoRuleError  # of a length that has cancelled
                return self._tree(expression), self._of_region(node)
            case Index(operand=operand, axes=axes) if axes is not None:
                self._require_constant(operand)
                return _transposed(self.trees[operand]), {}
            case Reduce(kind=kind, operand=operand) if (
                kind in _REDUCED and len(self.shapes[operand]) == 1
            ):
                return self._call(kind, self.trees[operand]), {}
            case Contract(is_product=True, operands=(left, right)):
                text = tree.MatMul(_SPAN, self.trees[left], self.trees[right])
                return text, self._of_product(left, right)
        raise _NoRuleError

    def _require_constant(self, name: str) -> None:
        if name in self.varying:
            raise _NoRuleError

    def _of_region(self, region: Region) -> dict[str, list[_Chain]]:
        if not region.shape(self.shapes):
            return {}
        found: dict[str, list[_Chain]] = {}
        for name, slope in self._partials(region):
            if len(self.shapes[name]) != 1:
                raise _NoRuleError
            for variable, chains in self.chains[name].items():
                diagonal = self._diagonal(slope)
                found.setdefault(variable, []).extend(diagonal @ chain for chain in chains)
        return found

    def _partials(self, region: Region) -> list[tuple[str, Expr]]:
        varying = [name for name in region.names if name in self.varying]
        slopes = [smooth_derivative(region.expression, (symbol(n), 1)) for n in varying]
        return [(n, s) for n, s in zip(varying, slopes, strict=True) if s != 0]

    def _of_product(self, left: str, right: str) -> dict[str, list[_Chain]]:
        ranks = len(self.shapes[left]), len(self.shapes[right])
        if ranks == (1, 1):
            return {}
        if ranks == (2, 1):
            self._require_constant(left)
            matrix = _Chain(sympy.S.One, (_Factor(matrix=self.trees[left]),))
            inner = right
        elif ranks == (1, 2):
            self._require_constant(right)
            matrix = _Chain(sympy.S.One, (_Factor(matrix=_transposed(self.trees[right])),))
            inner = left
        else:
            self._require_constant(left)
            self._require_constant(right)
            return {}
        return {v: [matrix @ c for c in chains] for v, chains in self.chains.get(inner, {}).items()}

    def _is_vector(self, expression: Expr) -> bool:
        """Whether an expression has elements; one without is the same for all."""
        return any(self.shapes.get(s.name) for s in expression.free_symbols)

    def _diagonal(self, expression: Expr) -> _Chain:
        """What multiplies each element."""
        if self._is_vector(expression):
            return _Chain(sympy.S.One, (_Factor(diagonal=expression),))
        return _Chain(expression)

    # What changes with a part

    def _vector(self, node: tree.Node) -> Expr:
        """A symbol that stands for a vector."""
        name = f"#{len(self.trees)}v"
        self.trees[name], self.shapes[name] = node, (_LENGTH,)
        return symbol(name)

    def _backwards(self, slopes: Mapping[str, Expr]) -> dict[str, Expr]:
        """The slopes of the formula in each part, from those in the parts of the root."""
        found: dict[str, Expr] = dict(slopes)

        def add(name: str, slope: Expr) -> None:
            if name in self.varying:
                found[name] = found.get(name, sympy.S.Zero) + slope

        for name, node in reversed(list(self.graph.nodes.items())):
            slope = found.get(name)
            if slope is None or name not in self.varying:
                continue
            match node:
                case Region():
                    for inner, partial in self._partials(node):
                        if len(self.shapes[inner]) < len(self.shapes[name]):
                            raise _NoRuleError
                        add(inner, slope * partial)
                case Reduce(operand=operand):
                    add(operand, slope * self._share(node))
                case Contract(operands=(left, right)):
                    ranks = len(self.shapes[left]), len(self.shapes[right])
                    if ranks == (1, 1):
                        add(left, slope * symbol(right))
                        add(right, slope * symbol(left))
                        continue
                    matrix = self.trees[left if ranks == (2, 1) else right]
                    turned = _transposed(matrix) if ranks == (2, 1) else matrix
                    factor = self._tree(slope)
                    if not self._is_vector(slope):
                        rows = matrix if ranks == (2, 1) else _transposed(matrix)
                        ones = self._call("ones", self._call("len", rows))
                        factor = ones if slope == 1 else _times(factor, ones)
                    product_of = tree.MatMul(_SPAN, turned, factor)
                    add(right if ranks == (2, 1) else left, self._vector(product_of))
        return found

    def _share(self, node: Reduce) -> Expr:
        """The slopes of a reduction in its elements."""
        u = symbol(node.operand)
        match node.kind:
            case "sum":
                return sympy.S.One
            case "mean":
                return 1 / self._number("len", node.operand)
            case "norm":
                return u / self._number("norm", node.operand)
        return self._vector(self._call("softmax", self.trees[node.operand]))

    def _number(self, function: str, name: str) -> Expr:
        """A symbol that stands for a number."""
        inner = f"#{function}{name}"
        self.trees[inner], self.shapes[inner] = self._call(function, self.trees[name]), ()
        return symbol(inner)

    # Second derivatives

    def gradient(self) -> tuple[Expr, ...]:
        """The slopes in the variables, as symbols with their texts as names."""
        return tuple(self._text(self._slope(v)) for v in self.variables)

    def _slope(self, variable: str) -> tree.Node:
        slope = self.slopes.get(variable, sympy.S.Zero)
        if slope == 0 or self._is_vector(slope):
            return self._tree(slope)
        ones = self._call("ones", self._call("len", self.trees[variable]))
        return _times(self._tree(slope), ones)

    def hessian(self) -> tuple[tuple[Expr, ...], ...]:
        """The blocks, likewise."""
        terms: dict[tuple[str, str], list[_Chain]] = {}
        for name, node in (*self.graph.nodes.items(), ("", self.graph.root)):
            slope = sympy.S.One if not name else self.slopes.get(name)
            if slope is None:
                continue
            for a, b, middle in self._bent(node, slope):
                for (u, left), (v, right) in product(self._chains(a), self._chains(b)):
                    terms.setdefault((u, v), []).append(left.turned @ middle @ right)
        grid = []
        for u in self.variables:
            grid.append(tuple(self._block(terms.get((u, v), []), u) for v in self.variables))
        return tuple(grid)

    def _chains(self, name: str) -> list[tuple[str, _Chain]]:
        found = self.chains.get(name, {})
        return [(variable, chain) for variable, chains in found.items() for chain in chains]

    def _bent(self, node: Node, slope: Expr) -> list[tuple[str, str, _Chain]]:
        """The second derivatives of a node in pairs of its parts, by the ``slope`` in it."""
        match node:
            case Region():
                return self._bent_region(node, slope)
            case Contract(operands=(a, b)) if len(self.shapes[a]) == len(self.shapes[b]) == 1:
                return [(a, b, _Chain(slope)), (b, a, _Chain(slope))]
            case Reduce(kind="norm", operand=u):
                length = self._number("norm", u)
                turned = _Chain(-slope / length**3, (_Factor(outer=(symbol(u), symbol(u))),))
                return [(u, u, _Chain(slope / length)), (u, u, turned)]
            case Reduce(kind="logsumexp", operand=u):
                share = self._vector(self._call("softmax", self.trees[u]))
                both = _Chain(-slope, (_Factor(outer=(share, share)),))
                return [(u, u, _Chain(slope, (_Factor(diagonal=share),))), (u, u, both)]
        return []

    def _bent_region(self, region: Region, slope: Expr) -> list[tuple[str, str, _Chain]]:
        found = []
        names = [name for name, _ in self._partials(region)]
        for a, b in product(names, names):
            bent = smooth_derivative(region.expression, (symbol(a), 1))
            bent = smooth_derivative(bent, (symbol(b), 1))
            if bent == 0:
                continue
            if not (self.shapes[a] and self.shapes[b]):
                raise _NoRuleError
            found.append((a, b, self._diagonal(slope * bent)))
        return found

    def sites(self) -> list[Site]:
        """Where the blocks may not hold."""
        found = list(self.graph.root.sites)
        for node in self.graph.nodes.values():
            if isinstance(node, Region):
                found += node.sites
            elif isinstance(node, Reduce) and node.kind == "norm":
                length, typed = symbol(f"#norm{node.operand}"), node.typed
                found.append(Site("zero", (length,), (), typed.part, Trouble.KINK, typed.span))
        return found

    # Texts

    def _block(self, chains: Sequence[_Chain], variable: str) -> Expr:
        sums: dict[tuple[_Factor, ...], Expr] = {}
        for chain in chains:
            merged = self._merged(chain)
            sums[merged.factors] = sums.get(merged.factors, sympy.S.Zero) + merged.number
        found = [_Chain(number, factors) for factors, number in sums.items() if number != 0]
        if not found:
            return sympy.S.Zero
        # What has no minus stands first.
        found.sort(key=lambda chain: chain.number.could_extract_minus_sign())
        terms: list[tuple[str, tree.Node]] = []
        for chain in found:
            minus = chain.number.could_extract_minus_sign() and bool(terms)
            number = -chain.number if minus else chain.number
            terms.append(("-" if minus else "+", self._term(number, chain.factors, variable)))
        whole = terms[0][1] if len(terms) == 1 else tree.Sum(_SPAN, tuple(terms))
        return self._text(whole)

    def _merged(self, chain: _Chain) -> _Chain:
        """The chain with diagonals beside each other as one."""
        number, factors = chain.number, list[_Factor]()
        for factor in chain.factors:
            last = factors[-1].diagonal if factors else None
            if factor.diagonal is not None and last is not None:
                factors[-1] = _Factor(diagonal=last * factor.diagonal)
            else:
                factors.append(factor)
        kept = []
        for factor in factors:
            if factor.diagonal is not None:
                flat = self._flat(factor.diagonal)
                same, rest = flat.as_independent(*self._vectors(), as_Add=False)
                number, factor = number * same, _Factor(diagonal=rest)
            if factor.diagonal != 1:
                kept.append(factor)
        return _Chain(number, tuple(kept))

    def _vectors(self) -> list[Expr]:
        return [symbol(name) for name, shape in self.shapes.items() if len(shape) == 1]

    def _term(self, number: Expr, factors: Sequence[_Factor], variable: str) -> tree.Node:
        if not factors:
            identity = self._call("eye", self._call("len", self.trees[variable]))
            return identity if number == 1 else _times(self._tree(number), identity)
        if len(factors) == 1 and factors[0].diagonal is not None:
            return self._call("diag", self._tree(number * factors[0].diagonal))
        whole = reduce(lambda a, b: tree.MatMul(_SPAN, a, b), map(self._factor, factors))
        return whole if number == 1 else _scaled(self._tree(number), whole)

    def _factor(self, factor: _Factor) -> tree.Node:
        if factor.matrix is not None:
            return factor.matrix
        if factor.diagonal is not None:
            return self._call("diag", self._tree(factor.diagonal))
        assert factor.outer is not None
        return self._call("outer", *map(self._tree, factor.outer))

    def _call(self, name: str, *arguments: tree.Node) -> tree.Node:
        return tree.Call(_SPAN, name, _SPAN, arguments)

    def _flat(self, expression: Expr) -> Expr:
        """An expression in the parts that are not elementwise alone."""
        regions = {
            symbol(name): node.expression
            for name, node in self.graph.nodes.items()
            if isinstance(node, Region)
        }
        while not expression.free_symbols.isdisjoint(regions):
            expression = expression.xreplace(regions)
        return expression

    def _tree(self, expression: Expr) -> tree.Node:
        """The syntax of an expression, with those of the nodes in the places of their symbols."""
        flat = self._flat(expression)
        forms = [flat, sympy.factor(flat)] if flat.count_ops() < MAX_FACTORED else [flat]
        return _replaced(tree_of(min(forms, key=sympy.count_ops)), self.trees)

    def _text(self, node: tree.Node) -> Expr:
        text = unparse(node)
        return sympy.S.Zero if text == "0" else symbol(text)


_REDUCED = ("sum", "mean", "norm", "logsumexp")


def _transposed(node: tree.Node) -> tree.Node:
    if isinstance(node, tree.Attribute) and node.name == "T":
        return node.operand
    return tree.Attribute(_SPAN, node, "T")


def _times(left: tree.Node, right: tree.Node) -> tree.Node:
    return tree.Product(_SPAN, (("*", left), ("*", right)))


def _scaled(number: tree.Node, chain: tree.Node) -> tree.Node:
    """A number by a product of matrices, whose first factor takes it: ``2*A.T@A``."""
    if isinstance(chain, tree.MatMul):
        return tree.MatMul(_SPAN, _scaled(number, chain.left), chain.right)
    return _times(number, chain)


def _replaced(node: tree.Node, parts: Mapping[str, tree.Node]) -> tree.Node:
    match node:
        case tree.Name(name=name):
            return parts.get(name, node)
        case tree.Negative(operand=operand):
            return tree.Negative(_SPAN, _replaced(operand, parts))
        case tree.Sum(terms=terms):
            return tree.Sum(_SPAN, tuple((s, _replaced(t, parts)) for s, t in terms))
        case tree.Product(factors=factors):
            return tree.Product(_SPAN, tuple((o, _replaced(f, parts)) for o, f in factors))
        case tree.Power(base=base, exponent=exponent):
            return tree.Power(_SPAN, _replaced(base, parts), _replaced(exponent, parts))
        case tree.Call(name=name, arguments=arguments):
            return tree.Call(_SPAN, name, _SPAN, tuple(_replaced(a, parts) for a in arguments))
        case tree.Number():
            return node
    raise _NoRuleError
