"""The one family of errors a user may meet; each message says what, what was got and what to do."""


class UnderstudyError(Exception):
    """Refuse or fail with one clear line; the command line prints it and exits with 1."""


class ProfileError(UnderstudyError):
    """A profile that can't be read, or that doesn't fit what it is used with."""


class RecordingError(UnderstudyError):
    """A file that is not a recording, or one that is damaged."""


class CheckpointError(UnderstudyError):
    """A run folder or a weights file that can't be used."""


class DisplayError(UnderstudyError):
    """No display, no window of that title, or keys that can't be pressed."""


class OutputExistsError(UnderstudyError):
    """An output that exists already and may not be overwritten."""
