"""The hair: what is drawn behind the head, and the fringe and locks in front of it."""

from pen import light, outline, shade

CAP = "M28 70 C20 30 36 12 64 12 C92 12 108 30 100 70 L92 60 L36 60 Z"


def _behind_long(pen, colour, dark):
    pen.shape("M26 60 C18 24 40 9 64 9 C88 9 110 24 102 60 C104 84 110 108 114 140 L14 140 C18 108 24 84 26 60 Z", dark)


def _behind_twintails(pen, colour, dark):
    def tail():
        pen.shape("M26 40 C8 36 -2 58 2 84 C4 106 8 120 4 136 C18 126 26 104 26 86 C26 70 34 56 32 44 Z", colour)
        pen.line("M18 50 C10 64 12 88 14 110", dark, 2.2)
        pen.shape("M24 34 L35 40 L31 51 L20 45 Z", "#33304a", 1)
    pen.both(tail)
    pen.shape(CAP, dark)


def _behind_bob(pen, colour, dark):
    pen.shape("M26 58 C18 24 40 9 64 9 C88 9 110 24 102 58 C105 76 106 88 100 98 C88 103 40 103 28 98 C22 88 23 76 26 58 Z", dark)


def _behind_ponytail(pen, colour, dark):
    pen.shape("M92 30 C112 14 130 34 127 62 C126 84 120 98 124 116 C110 110 102 92 104 74 C106 58 100 48 92 42 Z", colour)
    pen.line("M110 36 C118 52 112 78 114 98", dark, 2.2)
    pen.shape(CAP, dark)
    pen.shape("M90 26 L101 31 L98 46 L88 41 Z", "#f4f4ff", 1)


def _behind_buns(pen, colour, dark):
    def bun():
        pen.oval(26, 20, 15, 15, colour, 1.4)
        pen.line("M18 20 C20 12 30 10 34 16 M20 26 C26 30 32 26 34 22", dark, 2)
    pen.both(bun)
    pen.shape(CAP, dark)


def _behind_spiky(pen, colour, dark):
    pen.shape("M22 74 L27 62 L12 58 L24 48 L10 36 L26 32 L20 14 L38 19 L44 2 L58 12 L70 0 L78 13 L94 6 L95 21 L113 20 "
              "L106 34 L120 42 L105 50 L116 62 L101 64 L105 76 L92 70 L36 70 Z", colour)


# The lower points of a fringe end above the eyes, so that it never hides an expression.
FRINGES = (
    "M27 66 C19 30 38 11 64 11 C90 11 109 30 101 66 C98 58 96 54 94 48 C90 54 86 57 81 58 C82 53 82 50 81 46 "
    "C74 54 64 58 54 58 C57 54 58 51 58 47 C50 54 42 56 36 54 C32 58 29 62 27 66 Z",
    "M27 66 C19 30 38 11 64 11 C90 11 109 30 101 66 C99 58 96 50 91 44 C90 50 88 54 84 57 C82 52 79 47 76 44 "
    "C75 51 71 56 66 59 C64 54 62 49 61 44 C57 51 52 55 45 58 C45 53 44 49 42 46 C36 51 30 58 27 66 Z",
)


def _side_locks(pen, colour, length):
    """The locks that frame the face."""
    end = {"long": "M29 56 C24 76 26 100 20 140 L36 140 C38 116 35 92 36 74 C37 66 36 58 34 52 Z",
           "chin": "M28 54 C22 72 24 88 30 99 C37 94 37 82 37 72 C37 64 36 58 34 50 Z",
           "short": "M28 52 C24 64 26 74 31 80 C36 74 36 66 36 58 L33 48 Z"}[length]
    pen.both(lambda: pen.shape(end, colour))


BEHIND = {"long": _behind_long, "twintails": _behind_twintails, "bob": _behind_bob, "ponytail": _behind_ponytail,
          "buns": _behind_buns, "spiky": _behind_spiky}
LOCKS = {"long": "long", "twintails": "chin", "bob": "chin", "ponytail": "short", "buns": "short", "spiky": "short"}
SPIKY_FRINGE = ("M27 68 C19 32 38 12 64 12 C90 12 109 32 101 68 L96 50 L90 60 L84 44 L75 60 L68 45 L58 60 L50 44 L42 59 "
                "L37 48 Z")


def draw_behind(pen, style, colour):
    BEHIND[style](pen, colour, shade(colour, 0.8))


def draw_front(pen, style, colour, fringe):
    _side_locks(pen, colour, LOCKS[style])
    pen.shape(SPIKY_FRINGE if style == "spiky" else FRINGES[fringe], colour)
    pen.line("M36 40 C42 33 50 30 60 29", light(colour, 0.75), 3.2)
    pen.line("M66 29 C72 29.5 76 30.5 80 32", light(colour, 0.75), 3.2)
    pen.line("M64 12 C62 16 60 20 60 24 M44 18 C40 23 38 28 37 33 M86 19 C90 24 92 28 93 33", shade(colour, 0.72), 1.4)
    pen.line("M66 3 C70 2 74 5 70 12", outline(colour), 1.8)
