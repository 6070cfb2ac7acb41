"""Answers as text: for people (:mod:`document`, drawn by ``terminal`` or ``plain``) and JSON."""
