"""The accessories, drawn over the hair; the cat ears and the head band know the hair colour."""

import math

from pen import shade


def none(pen, hair):
    pass


def cubes(pen, hair):
    """The yellow and the blue cube that Hitori wears."""
    with pen.moved(92, 40, 18):
        pen.shape("M-8 -8 L8 -8 L8 8 L-8 8 Z", "#2f7df0", 1.5)
        pen.fill("M-5 -5 L2 -5 L2 -1 L-5 -1 Z", "#9cc8ff")
    with pen.moved(100, 56, -14):
        pen.shape("M-8 -8 L8 -8 L8 8 L-8 8 Z", "#ffd400", 1.5)
        pen.fill("M-5 -5 L2 -5 L2 -1 L-5 -1 Z", "#fff3a0")


def ribbon(pen, hair):
    def wing():
        pen.shape("M64 14 C54 0 38 -4 32 4 C28 14 32 26 40 28 C50 28 58 22 64 14 Z", "#f0283c", 1.5)
        pen.line("M58 14 L44 12", "#8e0f22", 1.6)
    with pen.moved(0, 3):
        pen.both(wing)
        pen.oval(64, 14, 6, 7, "#c81830", 1.5)


def glasses(pen, hair):
    def lens():
        pen.line("M35 61 L58 61 C60 61 61 63 60.5 66 L59 77 C58 82 55 83 51 83 L43 83 C39 83 36 81 35 77 L33.5 66 "
                 "C33 63 33.5 61 35 61 Z", "#22202c", 2.6)
        pen.line("M34 66 L28 64", "#22202c", 2.2)
    pen.both(lens)
    pen.line("M60 66 Q64 63.5 68 66", "#22202c", 2.4)


def cat_ears(pen, hair):
    def ear():
        pen.shape("M29 38 C24 18 24 4 28 -1 C38 2 50 12 56 22 C46 24 36 30 29 38 Z", hair, 1.5)
        pen.fill("M32.5 30 C29.5 18 29.5 10 31 5.5 C38 9 45 15 49 21 C42 22 37 25 32.5 30 Z", "#ffb3c0")
    with pen.moved(0, 1):
        pen.both(ear)


def headphones(pen, hair):
    pen.line("M26 62 C22 20 42 6 64 6 C86 6 106 20 102 62", "#26242f", 6.5)
    pen.line("M27 56 C24 24 44 8 64 8 C84 8 104 24 101 56", "#5c5a6c", 2.0)

    def cup():
        pen.shape("M18 58 C18 52 30 50 34 54 L34 82 C30 86 18 84 18 78 Z", "#26242f", 1.5)
        pen.shape("M19.5 60 C20 56 26 56 27 60 L27 76 C26 80 20 80 19.5 76 Z", "#ff3f8e", 1.0)
    pen.both(cup)


def flower(pen, hair):
    with pen.moved(36, 34):
        for index in range(5):
            angle = 2 * math.pi * index / 5 - math.pi / 2
            pen.oval(8.5 * math.cos(angle), 8.5 * math.sin(angle), 6.8, 6.8, "#ffffff", 1.2, edge="#d85a86")
        pen.oval(0, 0, 5.2, 5.2, "#ff9f1c", 1.0)


def witch_hat(pen, hair):
    pen.shape("M36 34 C42 16 50 2 58 -12 L84 -12 C86 4 90 18 94 34 Z", "#3a2a5c", 1.6)
    pen.shape("M37 22 C54 28 76 28 91 22 L94 33 C76 40 52 40 34 33 Z", "#ffcf33", 1.3)
    pen.shape("M4 42 C20 28 40 31 64 32 C88 31 108 28 124 42 C106 46 90 40 64 40 C38 40 22 46 4 42 Z", "#3a2a5c", 1.6)
    pen.line("M10 40.5 C40 33 88 33 118 40.5", shade("#3a2a5c", 1.5), 1.2)


DRAW = {"none": none, "cubes": cubes, "ribbon": ribbon, "glasses": glasses, "cat ears": cat_ears,
        "headphones": headphones, "flower": flower, "witch hat": witch_hat}
