"""What all pages share: the game, the folders, what is remembered, and a way to speak."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_documents_path, user_log_path
from PyQt6.QtCore import QObject, pyqtSignal

from data.errors import ProfileError
from data.profile import GameProfile, load_profile
from gui.jobs.line import Job
from gui.preferences import Preferences
from gui.worker import Worker

PRACTICE = "practice"


@dataclass(frozen=True, slots=True)
class Game:
    """The game at hand."""

    source: str
    """What `load_profile` takes: a shipped profile's name, or the path of a file."""
    profile: GameProfile
    title: str | None = None
    """Pattern for the window's title, where it is not the profile's."""

    @property
    def is_practice(self) -> bool:
        """Whether it is the built-in game, which the program can open by itself."""
        return self.profile.name == PRACTICE


class Studio(QObject):
    """Shared by all pages; lives as long as the main window."""

    game_changed = pyqtSignal(object)
    """The `Game` that was chosen."""
    recordings_changed = pyqtSignal()
    """Files in `recordings` have come, gone or changed."""
    runs_changed = pyqtSignal()
    """Folders in `runs` have come, gone or changed."""
    said = pyqtSignal(str)
    """A sentence for the status bar."""
    page_wanted = pyqtSignal(str, object)
    """The name of a page to go to, and what it is to show there; see `Page.open`."""

    def __init__(self, folder: Path, preferences: Preferences) -> None:
        """Begin in a folder, with the game of last time, or else the practice game."""
        super().__init__()
        self.folder = folder
        self.preferences = preferences
        self.log_file = user_log_path("understudy") / "understudy.log"
        self.game = self._remembered_game()
        self._used: dict[str, frozenset[Path]] = {}

    @property
    def recordings(self) -> Path:
        """The folder of recordings."""
        return self.folder / "recordings"

    @property
    def flights(self) -> Path:
        """The folder of flight logs."""
        return self.folder / "recordings" / "flights"

    @property
    def runs(self) -> Path:
        """The folder of run folders."""
        return self.folder / "runs"

    @property
    def profiles(self) -> Path:
        """The folder of profiles that were made here."""
        return self.folder / "profiles"

    def choose_game(self, source: str, *, title: str | None = None) -> None:
        """Choose a game.

        Raises:
            ProfileError: There is no such profile, or something is wrong with it.
        """
        self.game = Game(source, load_profile(source), title)
        self.preferences.set("game/source", source)
        self.preferences.set("game/title", title or "")
        self.game_changed.emit(self.game)

    def move_to(self, folder: str) -> None:
        """Work in another folder from now on."""
        self.folder = Path(folder)
        self.preferences.set("folder", folder)
        self.recordings_changed.emit()
        self.runs_changed.emit()

    def say(self, sentence: str) -> None:
        """Say something in the status bar."""
        self.said.emit(sentence)

    def go_to(self, page: str, what: object = None) -> None:
        """Show another page; `what` is what it is to open, such as a file's path."""
        self.page_wanted.emit(page, what)

    def use(self, why: str, paths: Iterable[Path]) -> None:
        """Say which files a job needs where they are, and in a clause why; none when it ends."""
        self._used.pop(why, None)
        if found := frozenset(path.resolve() for path in paths):
            self._used[why] = found

    def user_of(self, path: Path) -> str:
        """Say in a clause what needs a file where it is; empty where nothing does."""
        found = path.resolve()
        return next((why for why, paths in self._used.items() if found in paths), "")

    def worker(self, job: Job, request: object, *, niceness: int = 0) -> Worker:
        """Prepare a job in a process of its own."""
        return Worker(job, request, log_file=self.log_file, niceness=niceness, parent=self)

    def _remembered_game(self) -> Game:
        source = self.preferences.get("game/source", PRACTICE)
        title = self.preferences.get("game/title", "") or None
        try:
            return Game(source, load_profile(source), title)
        except ProfileError:
            return Game(PRACTICE, load_profile(PRACTICE))


def usual_folder(preferences: Preferences) -> Path:
    """Return the folder of last time; else the one we are in when it holds work, or a new one."""
    remembered = preferences.get("folder", "")
    if remembered and Path(remembered).is_dir():
        return Path(remembered)
    here = Path.cwd()
    if (here / "recordings").is_dir() or (here / "runs").is_dir():
        return here
    return user_documents_path() / "Understudy"
