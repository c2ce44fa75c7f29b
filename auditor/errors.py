"""Every error that a user can meet, each with one sentence and one hint."""


class AuditorError(Exception):
    """A fault that ends the command: what happened, and what to do next.

    Message and hint are templates filled with ``values``, so that they can be shown in another language.

    >>> str(UsageError("no such file: {name}", name="a.jsonl"))
    'no such file: a.jsonl'
    """

    code = 4
    """The exit code of the command line: 2 usage, 3 input, 4 environment, 5 verification."""

    def __init__(self, message: str, *, hint: str = "", **values: object) -> None:
        self.message, self.hint, self.values = message, hint, values
        super().__init__(message.format(**values))


class UsageError(AuditorError):
    """The command, an option, a rule or a profile is not valid."""

    code = 2


class InputError(AuditorError):
    """The data cannot be read as training data."""

    code = 3


class EnvironmentFault(AuditorError):
    """Disk, memory, lock or engine: the surroundings do not allow the work."""

    code = 4


class VerifyError(AuditorError):
    """A run folder does not hold what its manifest promises."""

    code = 5
