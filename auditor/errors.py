"""Every error that a user can meet, each with one sentence and one hint."""


class AuditorError(Exception):
    """A fault that ends the command: what happened, and what to do next.

    ``code`` is the exit code of the command line: 2 usage, 3 input, 4 environment, 5 verification.
    """

    code = 4

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


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
