"""The colours of every value. They are far apart in RGB, because the reader and a visitor must tell them apart."""

SKIN = "#ffe3d1"
SKIN_SHADOW = "#f6b9a4"
LINE = "#4a2b34"
BLUSH = "#ff8f8f"

HAIR = {
    "pink": "#ff9fcb", "blonde": "#ffdb5c", "blue": "#3f6fe0", "red": "#d62839", "black": "#2f2d3a",
    "brown": "#80492a", "silver": "#dde1ee", "green": "#4fb84f", "purple": "#8a4fd0", "orange": "#ff8a2b",
    "teal": "#3fd0cd",
}
EYES = {"blue": "#2f7bff", "red": "#e3202f", "green": "#22a84a", "purple": "#9a3be0", "gold": "#ffb81f"}
CLOTHES = {
    "pink": "#ff86b8", "red": "#d9303a", "blue": "#2f62d6", "green": "#2f9a4c", "yellow": "#ffd23c",
    "black": "#34343f", "white": "#f7f6fa", "purple": "#8646c8",
}
# What stripes, collars and cords are drawn in: white, or navy where white would not be seen.
TRIM = {"white": "#2c3f86", "yellow": "#2c3f86"}


def trim(cloth_colour):
    return TRIM.get(cloth_colour, "#ffffff")
