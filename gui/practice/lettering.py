"""The picture's type face: the same letters in a window and without one."""

from PyQt6.QtGui import QFont


def type_face(size_px: float, *, bold: bool = True) -> QFont:
    """Return the type face in a size of logical pixels."""
    face = QFont("DejaVu Sans")
    face.setBold(bold)
    face.setPixelSize(max(1, round(size_px)))
    # A desktop's own hinting and sub-pixel colours would make its pictures differ from others.
    face.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    face.setStyleStrategy(
        QFont.StyleStrategy.PreferAntialias | QFont.StyleStrategy.NoSubpixelAntialias
    )
    return face
