"""A small layer over skia: paths from SVG-like strings, flat fills with a darker outline, mirrored pairs."""

import colorsys
import re
from functools import lru_cache

import skia

CENTRE = 64  # The axis of symmetry of the portrait.
_POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3, "Z": 0}


@lru_cache(maxsize=None)
def path(text):
    """Parses absolute M, L, Q, C and Z commands."""
    builder = skia.PathBuilder()
    for command, body in re.findall(r"([MLQCZ])([^MLQCZ]*)", text):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", body)]
        if command == "Z":
            builder.close()
            continue
        step = 2 * _POINTS[command]
        for start in range(0, len(numbers), step):
            part = numbers[start:start + step]
            {"M": builder.moveTo, "L": builder.lineTo, "Q": builder.quadTo, "C": builder.cubicTo}[command](*part)
    return builder.detach()


@lru_cache(maxsize=None)
def rgb(colour):
    return tuple(int(colour[index:index + 2], 16) for index in (1, 3, 5))


def hexadecimal(channels):
    return "#" + "".join(f"{max(0, min(255, round(value))):02x}" for value in channels)


@lru_cache(maxsize=None)
def mix(first, second, amount):
    return hexadecimal(a + (b - a) * amount for a, b in zip(rgb(first), rgb(second)))


@lru_cache(maxsize=None)
def shade(colour, factor=0.75):
    """A darker, slightly more saturated version: what a cel shadow or an outline looks like."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in rgb(colour)))
    saturation = min(1.0, saturation * 1.12 + (0.03 if saturation > 0.05 else 0.0))
    return hexadecimal(255 * channel for channel in colorsys.hsv_to_rgb(hue, saturation, value * factor))


@lru_cache(maxsize=None)
def light(colour, amount=0.45):
    return mix(colour, "#ffffff", amount)


@lru_cache(maxsize=None)
def outline(colour):
    """The line colour of a shape; nearly black shapes get a fixed dark line."""
    return mix(shade(colour, 0.5), "#1c1626", 0.25)


def _skia_colour(colour, alpha=1.0):
    return skia.Color(*rgb(colour), round(255 * alpha))


@lru_cache(maxsize=4096)
def _fill_paint(colour, alpha):
    return skia.Paint(AntiAlias=True, Color=_skia_colour(colour, alpha))


@lru_cache(maxsize=4096)
def _line_paint(colour, width, alpha):
    return skia.Paint(AntiAlias=True, Color=_skia_colour(colour, alpha), Style=skia.Paint.kStroke_Style,
                      StrokeWidth=width, StrokeJoin=skia.Paint.kRound_Join, StrokeCap=skia.Paint.kRound_Cap)


@lru_cache(maxsize=4096)
def _gradient_paint(colours, start, end):
    shader = skia.GradientShader.MakeLinear([skia.Point(*start), skia.Point(*end)],
                                            [_skia_colour(colour) for colour in colours])
    return skia.Paint(AntiAlias=True, Shader=shader)


@lru_cache(maxsize=4096)
def _radial_paint(colour, centre, radius, alpha):
    shader = skia.GradientShader.MakeRadial(skia.Point(*centre), radius,
                                            [_skia_colour(colour, alpha), _skia_colour(colour, 0.0)])
    return skia.Paint(AntiAlias=True, Shader=shader)


class Pen:
    """Draws on one canvas. `both` repeats a drawing mirrored about the vertical axis."""

    def __init__(self, canvas):
        self.canvas = canvas

    def shape(self, text, colour, line=1.3, gradient=None):
        """A filled path with its outline. `gradient` is a second colour, reached at the bottom of the shape."""
        outlined = path(text)
        if gradient:
            box = outlined.getBounds()
            self.canvas.drawPath(outlined, _gradient_paint((colour, gradient), (0, box.top()), (0, box.bottom())))
        else:
            self.canvas.drawPath(outlined, _fill_paint(colour, 1.0))
        if line:
            self.canvas.drawPath(outlined, _line_paint(outline(colour), line, 1.0))

    def fill(self, text, colour, alpha=1.0):
        self.canvas.drawPath(path(text), _fill_paint(colour, alpha))

    def line(self, text, colour, width=1.3, alpha=1.0):
        self.canvas.drawPath(path(text), _line_paint(colour, width, alpha))

    def oval(self, x, y, rx, ry, colour, line=0.0, alpha=1.0, edge=None):
        box = skia.Rect(x - rx, y - ry, x + rx, y + ry)
        self.canvas.drawOval(box, _fill_paint(colour, alpha))
        if line:
            self.canvas.drawOval(box, _line_paint(edge or outline(colour), line, 1.0))

    def gradient_oval(self, x, y, rx, ry, top, bottom):
        self.canvas.drawOval(skia.Rect(x - rx, y - ry, x + rx, y + ry),
                             _gradient_paint((top, bottom), (0, y - ry), (0, y + ry)))

    def glow(self, x, y, radius, colour, alpha=0.6):
        self.canvas.drawCircle(x, y, radius, _radial_paint(colour, (x, y), radius, alpha))

    def backdrop(self, colours, size):
        """A vertical gradient over the whole picture."""
        self.canvas.drawRect(skia.Rect(0, 0, size, size), _gradient_paint(tuple(colours), (0, 0), (0, size)))

    def moved(self, x=0.0, y=0.0, angle=0.0, scale=1.0):
        """A context in which everything is moved, turned and scaled about its own origin."""
        return _Transform(self.canvas, lambda: (self.canvas.translate(x, y), self.canvas.rotate(angle),
                                                self.canvas.scale(scale, scale)))

    def turned(self, angle, x, y, dx=0.0, dy=0.0, scale=1.0):
        """A context in which everything is scaled about the top centre, turned about a point and then shifted."""
        return _Transform(self.canvas, lambda: (
            self.canvas.translate(dx, dy), self.canvas.rotate(angle, x, y),
            self.canvas.translate(CENTRE * (1 - scale), 8 * (1 - scale)), self.canvas.scale(scale, scale)))

    def clipped(self, text):
        return _Transform(self.canvas, lambda: self.canvas.clipPath(path(text), skia.ClipOp.kIntersect, True))

    def mirrored(self):
        return _Transform(self.canvas, lambda: (self.canvas.translate(2 * CENTRE, 0), self.canvas.scale(-1, 1)))

    def both(self, draw):
        draw()
        with self.mirrored():
            draw()


class _Transform:
    def __init__(self, canvas, apply):
        self.canvas, self.apply = canvas, apply

    def __enter__(self):
        self.canvas.save()
        self.apply()

    def __exit__(self, *_):
        self.canvas.restore()
