"""Head, eyes, brows and mouth. An expression changes all of them, so that it survives the autoencoder."""

from palette import BLUSH, EYES, LINE, SKIN, SKIN_SHADOW
from pen import light, shade

HEAD = "M33 58 C31 80 42 95 64 102 C86 95 97 80 95 58 C94 32 34 32 33 58 Z"
EYE_X, EYE_Y = 47, 71
MOUTH_LINE = "#a3303f"
MOUTH_FILL = "#c8404f"


def draw_neck(pen):
    pen.shape("M54 90 L54 106 Q64 114 74 106 L74 90 Z", SKIN, 1.2)
    pen.fill("M54.6 96 Q64 106 73.4 96 L73.4 102 Q64 110 54.6 102 Z", SKIN_SHADOW)


def draw_head(pen):
    pen.both(lambda: pen.oval(32, 70, 4.5, 7, SKIN, 1.2, edge=LINE))
    pen.shape(HEAD, SKIN, 0)
    pen.line(HEAD, LINE, 1.3)
    with pen.clipped(HEAD):
        pen.fill("M30 40 L98 40 L98 56 Q64 66 30 56 Z", SKIN_SHADOW, 0.8)


def _open_eye(pen, colour, height, gaze, iris_scale=1.0):
    """One eye at (EYE_X, EYE_Y): white, iris with gradient and pupil, highlights, a heavy upper lid."""
    x, y = EYE_X, EYE_Y
    white = (f"M{x - 9} {y - height * 0.35} C{x - 7} {y - height - 1} {x + 8} {y - height - 1} {x + 9} {y - height * 0.2} "
             f"C{x + 9} {y + height * 0.7} {x + 5} {y + height} {x} {y + height} "
             f"C{x - 6} {y + height} {x - 9} {y + height * 0.5} {x - 9} {y - height * 0.35} Z")
    pen.fill(white, "#ffffff")
    with pen.clipped(white):
        iris_x, rx, ry = x + gaze, 7 * iris_scale, (height - 0.5) * iris_scale
        pen.gradient_oval(iris_x, y + 0.5, rx, ry, shade(colour, 0.55), light(colour, 0.2))
        pen.oval(iris_x, y + 0.5, 3.0 * iris_scale, 4.6 * iris_scale, shade(colour, 0.3))
        pen.oval(iris_x, y + ry * 0.62, rx * 0.6, 2.4, light(colour, 0.55), alpha=0.85)
    pen.oval(x - 3, y - height * 0.45, 2.6, 3.1, "#ffffff")
    pen.oval(x + 3.4, y + height * 0.42, 1.4, 1.6, "#ffffff")
    pen.line(f"M{x - 10} {y - height * 0.3} C{x - 8} {y - height - 1} {x + 8} {y - height - 1} {x + 9.5} {y - height * 0.25}",
             LINE, 2.6)
    pen.line(f"M{x - 10} {y - height * 0.3} L{x - 12} {y - height * 0.6}", LINE, 1.8)
    pen.line(f"M{x - 4} {y + height + 0.5} Q{x} {y + height + 1.4} {x + 4} {y + height + 0.3}", LINE, 1.0)


def _closed_eye(pen):
    """A happy arc."""
    x, y = EYE_X, EYE_Y
    pen.line(f"M{x - 9.5} {y + 4} C{x - 7} {y - 8} {x + 7} {y - 8} {x + 9.5} {y + 4}", LINE, 3.0)
    pen.line(f"M{x - 9} {y + 3} L{x - 12} {y + 1}", LINE, 1.8)


def _pair(pen, draw, gaze):
    """Both eyes; the gaze keeps its direction on the mirrored side."""
    draw(gaze)
    with pen.mirrored():
        draw(-gaze)


def _brows(pen, inner, outer):
    pen.both(lambda: pen.line(f"M37 {outer} Q46 {min(inner, outer) - 1.5} 55 {inner}", LINE, 1.9))


def _blush(pen, strength=0.55):
    pen.both(lambda: pen.glow(40, 85, 9, BLUSH, strength))


def smile(pen, colour, gaze):
    _pair(pen, lambda g: _open_eye(pen, colour, 10.5, g), gaze)
    _brows(pen, 54, 55)
    _blush(pen)
    pen.line("M57 88 Q64 95 71 88", MOUTH_LINE, 2.0)


def happy(pen, colour, gaze):
    pen.both(lambda: _closed_eye(pen))
    _brows(pen, 54, 54)
    _blush(pen, 0.85)
    pen.shape("M54 85 Q64 88 74 85 C74 97 68 99 64 99 C60 99 54 97 54 85 Z", MOUTH_FILL, 1.4)
    pen.fill("M57.5 95 Q64 91 70.5 95 Q67 98.5 64 98.5 Q61 98.5 57.5 95 Z", "#ff9a9a")


def surprised(pen, colour, gaze):
    _pair(pen, lambda g: _open_eye(pen, colour, 12.5, g, 0.68), gaze)
    _brows(pen, 50, 51)
    _blush(pen, 0.35)
    pen.oval(64, 91.5, 5, 6.5, MOUTH_FILL, 1.4, edge=MOUTH_LINE)


def crying(pen, colour, gaze):
    _pair(pen, lambda g: _open_eye(pen, colour, 9, g), gaze)
    _brows(pen, 51, 58)
    _blush(pen, 0.7)
    pen.line("M56 94 Q60 88 64 91 Q68 88 72 94", MOUTH_LINE, 2.2)

    def tears():
        pen.fill("M38 79 C34 88 35 96 39 101 L48 98 C45 92 46 85 50 80 Z", "#7fd4ff", 0.95)
        pen.line("M42 82 C40 88 40 93 43 98", "#ffffff", 1.6)
    pen.both(tears)


def angry(pen, colour, gaze):
    _pair(pen, lambda g: _open_eye(pen, colour, 8.5, g), gaze)
    pen.both(lambda: pen.line("M36 54 Q46 55 57 63", LINE, 3.2))
    pen.both(lambda: pen.glow(40, 84, 10, "#ff5a5a", 0.5))
    pen.shape("M56 94 Q64 85 72 94 Q64 91 56 94 Z", MOUTH_FILL, 1.8)


def wink(pen, colour, gaze):
    with pen.mirrored():
        _open_eye(pen, colour, 10.5, -gaze)
    x, y = EYE_X, EYE_Y
    pen.line(f"M{x - 9.5} {y - 1} C{x - 6} {y + 7} {x + 6} {y + 7} {x + 9.5} {y + 1}", LINE, 3.0)
    pen.line(f"M{x - 9} {y} L{x - 12} {y + 2.5} M{x - 5} {y + 4} L{x - 7} {y + 7.5}", LINE, 1.6)
    _brows(pen, 53, 54)
    _blush(pen, 0.7)
    pen.shape("M55 86 Q64 89 72 84 C72 93 67 96 63 95 C59 94 56 91 55 86 Z", MOUTH_FILL, 1.4)
    pen.oval(66, 94.5, 3.4, 2.8, "#ff8f9a", 0.8)


DRAW = {"smile": smile, "happy": happy, "surprised": surprised, "crying": crying, "angry": angry, "wink": wink}
# With both eyes shut nobody can tell their colour.
EYES_HIDDEN = {"happy"}


def draw_features(pen, expression, eyes, gaze):
    DRAW[expression](pen, EYES[eyes], gaze)
    pen.line("M63 82.5 L65 83.5", SKIN_SHADOW, 1.6)
