"""hess: the Hessian of a formula, at a point, from the command line and from Python.

>>> import hesscli
>>> hesscli.formula("x**3 + x*y").at(x=2, y=4).hessian
array([[12.,  1.],
       [ 1.,  0.]])
"""

__version__ = "0.1.0"
__all__ = ["Answer", "Formula", "HessError", "__version__", "formula"]

TYPE_CHECKING = False  # typing takes longer to load than a request to the helper may
if TYPE_CHECKING:
    from hesscli.api import Answer, Formula, formula
    from hesscli.errors import HessError


def __getattr__(name: str) -> object:
    """What a program uses, loaded when it is first asked for."""
    if name == "HessError":
        from hesscli.errors import HessError

        return HessError
    if name in __all__:
        from hesscli import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
