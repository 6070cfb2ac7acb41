"""hess: the Hessian of a formula, at a point, from the command line."""

__version__ = "0.1.0"
