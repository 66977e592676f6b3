"""The one window: a list of pages, the page, a status bar; it asks before it ends what runs."""

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QSize, Qt, QTimer
from PyQt6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence, QResizeEvent
from PyQt6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QMenu,
    QMessageBox,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.icons import page_icon
from gui.log_window import LogWindow
from gui.page import MARGIN, NARROW_MARGIN, Page, plain_tip, row, words
from gui.studio import Game, Studio
from gui.theme import Mode, apply_theme, colours
from gui.wording import capitalised

SIZE = QSize(1280, 800)
ROOMY_PX = 1160  # a narrower window shows pages by their icons alone, for the room that they need
SIDE_PX, NARROW_SIDE_PX = 176, 60
CHECK_MS = 100  # between two looks whether what was asked to end has ended


class MainWindow(QMainWindow):
    """Holds the pages.

    Args:
        studio: Shared by all.
        pages: In the order of the list.
    """

    def __init__(self, studio: Studio, pages: Sequence[Page]) -> None:
        super().__init__()
        self.studio = studio
        self.pages = {page.name: page for page in pages}
        self._names = [page.name for page in pages]
        self._current: Page | None = None
        self._closing = False
        self._narrow = False
        self._waiting = QTimer(self)
        self._waiting.timeout.connect(self._close_when_ended)
        self._logs: LogWindow | None = None
        self.setWindowTitle("Understudy")
        self._list = _page_list(pages)
        self._stack = QStackedWidget()
        self._frames = [_framed(page) for page in pages]
        for frame in self._frames:
            self._stack.addWidget(_scrolled(frame))
        self._game = QLabel()
        self._build()
        self._make_menus()
        self._list.currentRowChanged.connect(self._turn_to)
        studio.page_wanted.connect(self.go_to)
        studio.said.connect(self._say)
        studio.game_changed.connect(self._tell_game)
        self._tell_game(studio.game)
        self._restore()

    def go_to(self, name: str, what: object = None) -> None:
        """Show a page, and have it open something unless that is None."""
        self._list.setCurrentRow(self._names.index(name))
        if what is not None:
            self.pages[name].open(what)

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self.pages[self._names[self._list.currentRow()]]

    def set_mode(self, mode: Mode) -> None:
        """Change between light and dark, and remember it."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, mode)
        self.studio.preferences.set("mode", mode.value)
        self._dress()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Ask when something runs, end it in good order, and only then close."""
        if event is None:
            return
        if not self._closing:
            running = [said for page in self.pages.values() if (said := page.at_work())]
            if running and not self._agrees(running):
                event.ignore()
                return
            self._begin_closing()
        if any(page.still_running() for page in self.pages.values()):
            self.setEnabled(False)
            self._say("Ending what runs; the window closes by itself.")
            self._waiting.start(CHECK_MS)
            event.ignore()
            return
        self._waiting.stop()
        if self._logs is not None:
            self._logs.close()
        event.accept()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show pages by name, or by their icons alone where they need the room."""
        super().resizeEvent(event)
        narrow = self.width() < ROOMY_PX
        if narrow is not self._narrow:
            self._narrow = narrow
            self._fit()

    def end(self) -> None:
        """Close without a question, as a signal asks: what runs is ended in good order."""
        if not self._closing:
            self._begin_closing()
        self.close()

    def _begin_closing(self) -> None:
        self._closing = True
        preferences = self.studio.preferences
        preferences.set("page", self.page.name)
        preferences.remember_place("main", self)
        preferences.save()
        self.page.left()
        for page in self.pages.values():
            page.shut_down()

    def _close_when_ended(self) -> None:
        if not any(page.still_running() for page in self.pages.values()):
            self.close()

    def _agrees(self, running: Sequence[str]) -> bool:
        told = "; ".join(running)
        box = QMessageBox(self)
        box.setWindowTitle("Quit Understudy?")
        box.setIcon(QMessageBox.Icon.Question)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{capitalised(told)}.")
        box.setInformativeText("Quitting ends it in good order; what was made so far is kept.")
        end = box.addButton("End it and quit", QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        return box.clickedButton() is end

    def _build(self) -> None:
        side = QWidget()
        side.setObjectName("side")
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._list, 1)
        column.addWidget(self._game)
        self._side = side
        whole = QWidget()
        across = QHBoxLayout(whole)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(side)
        across.addWidget(self._stack, 1)
        self.setCentralWidget(whole)
        self.statusBar()
        self._fit()
        self._dress()

    def _dress(self) -> None:
        colour = colours()
        self._side.setStyleSheet(f"QWidget#side {{ background: {colour.sidebar}; }}")
        for index, name in enumerate(self._names):
            item = self._list.item(index)
            if item is not None:
                item.setIcon(page_icon(name))

    def _fit(self) -> None:
        """Give the list of pages and the pages' margins the room that the window has for them."""
        self._list.setFixedWidth(NARROW_SIDE_PX if self._narrow else SIDE_PX)
        self._list.setProperty("narrow", self._narrow)
        style = self._list.style()
        if style is not None:
            style.unpolish(self._list)
            style.polish(self._list)
        for index, name in enumerate(self._names):
            item = self._list.item(index)
            if item is not None:
                item.setText("" if self._narrow else self.pages[name].title)
        margin = NARROW_MARGIN if self._narrow else MARGIN
        for frame in self._frames:
            frame.setContentsMargins(margin, MARGIN, margin, MARGIN)
        self._tell_game(self.studio.game)

    def _make_menus(self) -> None:
        bar = self.menuBar()
        if bar is None:
            return
        file, view, help_ = (bar.addMenu(name) for name in ("&File", "&View", "&Help"))
        if file is None or view is None or help_ is None:
            return
        _add(file, "Choose the &folder of recordings and runs...", self._choose_folder)
        file.addSeparator()
        _add(file, "&Quit", self.close, QKeySequence.StandardKey.Quit)
        for index, name in enumerate(self._names):
            action = _add(view, f"&{index + 1} {self.pages[name].title}", lambda: None)
            action.triggered.connect(lambda _, name=name: self.go_to(name))
            action.setShortcut(QKeySequence(f"Ctrl+{index + 1}"))
        view.addSeparator()
        self._add_modes(view)
        _add(help_, "Open &log", self.show_log, QKeySequence("Ctrl+L"))
        _add(help_, "&About Understudy", self._about)

    def _add_modes(self, view: QMenu) -> None:
        group = QActionGroup(self)
        now = Mode(self.studio.preferences.get("mode", Mode.AUTO.value))
        for mode, text in (
            (Mode.AUTO, "Colours as the &system has them"),
            (Mode.LIGHT, "&Light"),
            (Mode.DARK, "&Dark"),
        ):
            action = _add(view, text, lambda: None)
            action.setCheckable(True)
            action.setChecked(mode is now)
            action.triggered.connect(lambda _, mode=mode: self.set_mode(mode))
            group.addAction(action)

    def _turn_to(self, index: int) -> None:
        if self._current is not None:
            self._current.left()
        self._current = self.pages[self._names[index]]
        self._stack.setCurrentIndex(index)
        self._current.entered()

    def _restore(self) -> None:
        preferences = self.studio.preferences
        if not preferences.restore_place("main", self):
            self.resize(SIZE)
        last = preferences.get("page", self._names[0])
        self.go_to(last if last in self._names else self._names[0])

    def _tell_game(self, game: Game) -> None:
        name, told = game.profile.name, f"Profile {game.source}; choose another on the page Start"
        self._game.setWordWrap(not self._narrow)
        if self._narrow:
            self._game.setContentsMargins(4, 8, 4, 12)
            small = self._game.fontMetrics()
            shown = small.elidedText(name, Qt.TextElideMode.ElideRight, NARROW_SIDE_PX - 8)
            self._game.setText(shown)
        else:
            self._game.setContentsMargins(16, 8, 12, 12)
            self._game.setText(f"Game: <b>{name}</b>")
        self._game.setToolTip(plain_tip(f"Game {name}. {told}"))

    def _say(self, sentence: str) -> None:
        bar = self.statusBar()
        if bar is not None:
            bar.showMessage(sentence, 10_000)

    def _choose_folder(self) -> None:
        found = QFileDialog.getExistingDirectory(
            self, "Folder of recordings and runs", str(self.studio.folder)
        )
        if found:
            self.studio.move_to(found)

    def show_log(self) -> None:
        """Show what was logged."""
        self._logs = LogWindow(self.studio.log_file, self)
        self._logs.show()

    def _about(self) -> None:
        from importlib.metadata import version

        QMessageBox.about(
            self,
            "About Understudy",
            f"<b>Understudy {version('understudy')}</b><p>Watches you play a desktop game, learns "
            "it from the screen alone, and plays it.</p><p>For offline and single-player games. "
            "It sends nothing anywhere.</p>",
        )


def _add(
    menu: QMenu,
    text: str,
    act: Callable[[], object],
    keys: QKeySequence | QKeySequence.StandardKey | None = None,
) -> QAction:
    action = QAction(text, menu)
    action.triggered.connect(lambda: act())
    if keys is not None:
        action.setShortcut(keys)
    menu.addAction(action)
    return action


def _page_list(pages: Sequence[Page]) -> QListWidget:
    made = QListWidget()
    made.setObjectName("pages")
    made.setIconSize(QSize(20, 20))
    made.setAccessibleName("Pages")
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    for index, page in enumerate(pages):
        item = QListWidgetItem(page.title)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, page.title)
        item.setToolTip(f"{page.title} (Ctrl+{index + 1}): {page.hint}")
        made.addItem(item)
    return made


def _framed(page: Page) -> QWidget:
    """Give a page its title."""
    title = QLabel(page.title)
    title.setObjectName("title")
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(10)
    layout.addWidget(row(title, words(page.hint, quiet=True), stretch_last=True))
    layout.addWidget(page, 1)
    return holder


def _scrolled(frame: QWidget) -> QScrollArea:
    """Give a page bars to scroll with where the window is too small."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(frame)
    return area
