"""The clothes: shoulders and chest, the lowest quarter of the picture."""

from palette import CLOTHES, SKIN, trim
from pen import shade

BODY = "M9 140 C10 116 22 110 40 107 L54 102 Q64 110 74 102 L88 107 C106 110 118 116 119 140 Z"


def draw_behind(pen, garment, colour_name):
    """A hood lies behind the neck and the hair."""
    if garment == "hoodie":
        colour = CLOTHES[colour_name]
        pen.shape("M26 114 C26 92 44 88 64 88 C84 88 102 92 102 114 L88 120 L40 120 Z", shade(colour, 0.78), 1.5)


def tracksuit(pen, colour, edge):
    pen.shape(BODY, colour, 1.5)
    pen.shape("M48 100 C50 108 56 112 64 114 C72 112 78 108 80 100 L85 108 C80 117 70 120 64 121 C58 120 48 117 43 108 Z",
              colour, 1.5)
    pen.line("M64 114 L64 140", edge, 3.2)
    pen.both(lambda: pen.line("M31 110 C25 115 23 122 22 140 M38 108 C32 114 30 122 29 140", edge, 2.6))


def sailor(pen, colour, edge):
    pen.shape(BODY, colour, 1.5)
    collar = "#ffffff" if edge == "#ffffff" else edge
    stripe = "#2c3f86" if edge == "#ffffff" else "#ffffff"
    pen.fill("M53 101 L64 120 L75 101 Q64 110 53 101 Z", SKIN)
    pen.both(lambda: pen.shape("M53 100 L36 107 C34 113 36 117 40 119 L64 121 Z", collar, 1.4))
    pen.both(lambda: pen.line("M39 109 C38 112 39 114.5 42 115.5 L60 117", stripe, 1.6))
    pen.both(lambda: pen.shape("M64 119 L51 114 C47 120 49 127 53 129 Z", "#e0243c", 1.3))
    pen.oval(64, 120, 3.4, 3.6, "#c01830", 1.0)


def kimono(pen, colour, edge):
    pen.shape(BODY, colour, 1.5)
    for x, y in ((26, 122), (102, 121), (34, 114), (95, 113)):
        pen.oval(x, y, 2.8, 2.8, edge)
    pen.fill("M54 101 L66 122 L75 101 Q64 110 54 101 Z", SKIN)
    pen.line("M76 101 L56 140", edge, 7.0)
    pen.line("M80 103 L62 140", shade(colour, 0.6), 1.4)
    pen.line("M52 101 L74 140", edge, 7.0)
    pen.line("M48 103 L68 140 M56.5 101 L78 131", shade(colour, 0.6), 1.4)


def hoodie(pen, colour, edge):
    pen.shape(BODY, colour, 1.5)
    pen.shape("M46 101 C50 112 58 116 64 117 C70 116 78 112 82 101 L91 108 C86 121 72 125 64 126 C56 125 42 121 37 108 Z",
              shade(colour, 0.88), 1.5)
    pen.both(lambda: pen.line("M55 122 L54 140", edge, 2.4))
    pen.both(lambda: pen.oval(55, 121, 2, 2, edge))


def tshirt(pen, colour, edge):
    pen.shape(BODY, colour, 1.5)
    pen.shape("M50 102 C52 112 58 115 64 115 C70 115 76 112 78 102 Q64 111 50 102 Z", SKIN, 0)
    pen.line("M49 103 C51 113 58 116.5 64 116.5 C70 116.5 77 113 79 103", edge, 2.6)
    pen.fill("M64 118 L66.6 123 L72 123.5 L68 127 L69.4 140 L58.6 140 L60 127 L56 123.5 L61.4 123 Z", edge)
    pen.both(lambda: pen.line("M30 112 C27 118 27 124 28 140", shade(colour, 0.6), 1.4))


def suit(pen, colour, edge):
    pen.shape(BODY, colour, 1.5)
    pen.shape("M51 101 L64 140 L77 101 Q64 112 51 101 Z", "#ffffff", 1.2)
    pen.shape("M60.5 110 L67.5 110 L69.5 140 L58.5 140 Z", "#d42a3a", 1.0)
    pen.shape("M59.5 107 L68.5 107 L66.5 113 L61.5 113 Z", "#b01e30", 1.0)
    pen.both(lambda: pen.shape("M50 101 L60 140 L46 140 L38 117 L44 115 L39 108 Z", shade(colour, 0.86), 1.4))


DRAW = {"tracksuit": tracksuit, "sailor": sailor, "kimono": kimono, "hoodie": hoodie, "tshirt": tshirt, "suit": suit}


def draw(pen, garment, colour_name):
    DRAW[garment](pen, CLOTHES[colour_name], trim(colour_name))
