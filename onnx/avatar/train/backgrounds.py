"""The backgrounds: each has its own colours and its own pattern."""

import math


def _star(x, y, radius, points=5, inner=0.45):
    corners = []
    for index in range(2 * points):
        angle = math.pi * index / points - math.pi / 2
        length = radius if index % 2 == 0 else radius * inner
        corners.append(f"{x + length * math.cos(angle):.1f} {y + length * math.sin(angle):.1f}")
    return "M" + " L".join(corners) + " Z"


def _cloud(pen, x, y, scale):
    for dx, dy, radius in ((-11, 2, 6), (-3, -2, 8), (7, 0, 7), (13, 3, 5)):
        pen.oval(x + dx * scale, y + dy * scale, radius * scale, radius * 0.8 * scale, "#ffffff")


def white(pen, size):
    pen.backdrop(["#ffffff", "#f1f1f6"], size)


def sky(pen, size):
    pen.backdrop(["#3d9bf2", "#b5e3ff"], size)
    _cloud(pen, 18, 22, 1.2)
    _cloud(pen, 112, 40, 1.1)
    _cloud(pen, 8, 84, 1.0)


def night(pen, size):
    pen.backdrop(["#0b1240", "#2b3a86"], size)
    pen.glow(108, 20, 22, "#fff3b0", 0.45)
    pen.oval(108, 20, 10, 10, "#fff3b0")
    for x, y, radius in ((14, 16, 4), (34, 7, 2.5), (80, 8, 3), (8, 50, 3), (20, 84, 3.5), (120, 58, 3.5), (112, 92, 2.5)):
        pen.fill(_star(x, y, radius, 4, 0.35), "#ffffff")


def sunset(pen, size):
    pen.backdrop(["#7a3b9a", "#ff6a4d", "#ffc24a"], size)
    pen.glow(20, 84, 44, "#fff2a8", 0.9)
    pen.oval(20, 84, 15, 15, "#fff2a8")
    for x, y, width in ((104, 30, 22), (14, 36, 18), (118, 62, 16)):
        pen.oval(x, y, width, 3, "#b44a8c", alpha=0.8)


def sakura(pen, size):
    pen.backdrop(["#ffd0e4", "#ffecf4"], size)
    for x, y, angle in ((12, 14, 20), (32, 8, 200), (100, 10, 80), (118, 28, 140), (8, 48, 300), (120, 66, 40),
                        (12, 78, 100), (112, 94, 250), (20, 104, 60)):
        with pen.moved(x, y, angle):
            pen.fill("M0 -6 C6 -6 7 2 0 7 C-7 2 -6 -6 0 -6 Z", "#ff6fa8")


def meadow(pen, size):
    pen.backdrop(["#d6f2ff", "#eefbe0"], size)
    pen.fill("M0 44 Q40 30 128 48 L128 128 L0 128 Z", "#8bd45a")
    pen.fill("M0 74 Q70 56 128 76 L128 128 L0 128 Z", "#55b23c")
    for x, y, colour in ((10, 66, "#ffffff"), (118, 64, "#ffe14a"), (8, 92, "#ffe14a"), (118, 90, "#ffffff")):
        for turn in range(5):
            angle = turn * 2 * math.pi / 5
            pen.oval(x + 3 * math.cos(angle), y + 3 * math.sin(angle), 2.2, 2.2, colour)
        pen.oval(x, y, 1.8, 1.8, "#ff9a2b")


def stage(pen, size):
    pen.backdrop(["#1a0b2e", "#4a1466"], size)
    for text, colour in (("M-4 -4 L14 -4 L62 128 L20 128 Z", "#ff3fb4"), ("M132 -4 L114 -4 L66 128 L108 128 Z", "#22d3ff"),
                         ("M58 -4 L70 -4 L100 128 L28 128 Z", "#ffe066")):
        pen.fill(text, colour, 0.55)
    for x in (10, 64, 118):
        pen.oval(x, 2, 8, 5, "#fff7d6")


DRAW = {"white": white, "sky": sky, "night": night, "sunset": sunset, "sakura": sakura, "meadow": meadow, "stage": stage}
