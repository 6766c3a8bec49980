"""Errors that are told in one sentence: what, where, and what to do. Everything else that is raised is a defect.

Two bases, and nobody matches built-in classes: the command and the pages print the sentence of a `UserError`, and
Airflow does not try the task again; what is `Unavailable` may answer a moment later, and Airflow tries again. A class
below has a built-in one as a second base, so that it says how it differs from its siblings.
"""


class UserError(Exception):
    """What was asked, given, set or declared cannot be done. The same again would fail again."""


class InvalidInput(UserError, ValueError):
    """A value, file, setting, contract or statement that does not fit what it is for."""


class NotFound(UserError, LookupError):
    """A name of something that is not there."""


class NotAllowed(UserError, PermissionError):
    """What somebody else may do, and whoever asks may not."""


class RunFailed(UserError, ValueError):
    """What a run came to: it has ended, and not all of it is as it must be."""


class Unavailable(Exception):
    """Something that others run, or that others hold at the moment. The same may work a moment later."""


class NoAnswer(Unavailable, ConnectionError):
    """A server that does not answer, or not in time."""
