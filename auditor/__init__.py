"""Repetition Auditor: will this data teach my model to repeat itself, and what should I remove?"""

__version__ = "0.1.0"
