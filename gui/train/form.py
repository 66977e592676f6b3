"""Everything that can be chosen beside a preset, as widgets."""

from collections.abc import Sequence
from dataclasses import asdict

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from gui.runs_on_disk import Kind
from gui.train.choices import Choices, PolicyChoices, from_plain
from gui.train.fields import FIELDS, Amount, Choice, Field

HEIGHT_PX = 28
Value = str | int | float | bool | None


class SettingsForm(QWidget):
    """One row for each setting of a kind of training."""

    changed = pyqtSignal()
    """A person changed a value."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind
        self._fields = {field.name: field for field in FIELDS[kind]}
        self.widgets: dict[str, QWidget] = {}
        """By the setting's name."""
        self._quiet = False
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for field in FIELDS[kind]:
            widget = self._made(field)
            widget.setToolTip(field.tip)
            widget.installEventFilter(self)
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.widgets[field.name] = widget
            if isinstance(widget, QCheckBox):
                layout.addRow(widget)
            else:
                title = QLabel(field.title)
                title.setMinimumHeight(HEIGHT_PX)
                title.setBuddy(widget)
                layout.addRow(title, widget)
        self.show_choices(from_plain(kind, {}))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Leave the wheel to the page, unless the widget was chosen."""
        wheel = event is not None and event.type() == QEvent.Type.Wheel
        if wheel and event is not None and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def choices(self) -> Choices:
        """Return what is chosen."""
        return from_plain(self._kind, {name: self._value(name) for name in self._fields})

    def show_choices(self, choices: Choices) -> None:
        """Show other values; `changed` is not told."""
        self._quiet = True
        for name, value in asdict(choices).items():
            self._set(name, value)
        self._quiet = False

    def show_options(self, name: str, options: Sequence[tuple[str, str]]) -> None:
        """Offer other values of a choice, each with words; what was chosen stays if it can."""
        combo = self.widgets[name]
        assert isinstance(combo, QComboBox)
        chosen = combo.currentData()
        self._quiet = True
        combo.clear()
        for value, told in options:
            combo.addItem(told, value)
        combo.setCurrentIndex(max(0, combo.findData(chosen)))
        combo.setEnabled(combo.count() > 0)
        self._quiet = False

    def _made(self, field: Field) -> QWidget:
        if isinstance(field, Amount):
            return self._amount(field)
        if isinstance(field, Choice):
            combo = QComboBox()
            for value, told in field.options:
                combo.addItem(told, value)
            combo.setMinimumContentsLength(16)
            combo.setMinimumHeight(HEIGHT_PX)
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.currentIndexChanged.connect(self._tell)
            return combo
        switch = QCheckBox(field.title)
        switch.toggled.connect(self._tell)
        return switch

    def _amount(self, field: Amount) -> QAbstractSpinBox:
        spin: QSpinBox | QDoubleSpinBox
        if field.digits:
            spin = QDoubleSpinBox()
            spin.setDecimals(field.digits)
            spin.setRange(field.least, field.most)
            spin.setSingleStep(10.0**-field.digits)
        else:
            spin = QSpinBox()
            spin.setRange(round(field.least), round(field.most))
        spin.setMinimumHeight(HEIGHT_PX)
        spin.setSuffix(field.unit)
        spin.setSpecialValueText(field.none)
        spin.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        spin.valueChanged.connect(self._tell)
        return spin

    def _tell(self) -> None:
        if not self._quiet:
            self.changed.emit()

    def _value(self, name: str) -> Value:
        widget, field = self.widgets[name], self._fields[name]
        if isinstance(widget, QCheckBox):
            return widget.isChecked()
        if isinstance(widget, QComboBox):
            return str(widget.currentData() or "")
        assert isinstance(widget, (QSpinBox, QDoubleSpinBox))
        assert isinstance(field, Amount)
        if field.none and name != "patience" and widget.value() == widget.minimum():
            return None
        return widget.value()

    def _set(self, name: str, value: Value) -> None:
        widget = self.widgets[name]
        if isinstance(widget, QCheckBox):
            widget.setChecked(bool(value))
        elif isinstance(widget, QComboBox):
            widget.setCurrentIndex(max(0, widget.findData(value)))
        elif isinstance(widget, QSpinBox):
            widget.setValue(widget.minimum() if value is None else round(float(value)))
        elif isinstance(widget, QDoubleSpinBox):
            widget.setValue(widget.minimum() if value is None else float(value))


def seen_with(choices: Choices) -> str:
    """Return the detector that a policy sees with, or what a detector begins with."""
    return choices.detector if isinstance(choices, PolicyChoices) else choices.weights
