"""Draws a portrait from its attributes and its pose."""

import random
from dataclasses import dataclass

import numpy as np
import skia

import accessories
import backgrounds
import clothes
import face
import hair
from palette import HAIR
from pen import Pen

IMAGE_SIZE = 128
# The picture is drawn larger and averaged, which gives finer edges than the antialiasing of one pass.
SUPERSAMPLING = 2
# The head was drawn to fill the frame. A little smaller, it leaves room for clothes that can be told apart.
HEAD_SCALE, BODY_LIFT = 0.95, 5


@dataclass(frozen=True)
class Pose:
    """What varies without being captioned: head tilt in degrees, offsets in pixels, gaze, and the fringe."""
    tilt: float = 0.0
    dx: float = 0.0
    dy: float = 0.0
    gaze: float = 0.0
    fringe: int = 0


def random_pose(rng: random.Random):
    return Pose(rng.uniform(-3.5, 3.5), rng.uniform(-2, 2), rng.uniform(-1.5, 1.5), rng.choice([-1.2, 0.0, 0.0, 1.2]),
                rng.randrange(len(hair.FRINGES)))


def render(attributes, pose=Pose(), size=IMAGE_SIZE):
    """An RGB picture as a [size, size, 3] array of bytes."""
    surface = skia.Surface(size * SUPERSAMPLING, size * SUPERSAMPLING)
    canvas = surface.getCanvas()
    canvas.scale(size * SUPERSAMPLING / IMAGE_SIZE, size * SUPERSAMPLING / IMAGE_SIZE)
    pen = Pen(canvas)
    colour = HAIR[attributes["hair"]]
    backgrounds.DRAW[attributes["background"]](pen, IMAGE_SIZE)
    # The head turns about the neck. The body follows a little, so that the collar stays under the chin.
    head = (pose.tilt, 64, 104, pose.dx, pose.dy, HEAD_SCALE)
    body = (pose.tilt * 0.3, 64, 118, pose.dx * 0.8, pose.dy * 0.5 - BODY_LIFT)
    with pen.turned(*head):
        hair.draw_behind(pen, attributes["style"], colour)
    with pen.turned(*body):
        clothes.draw_behind(pen, attributes["clothes"], attributes["cloth_colour"])
        face.draw_neck(pen)
        clothes.draw(pen, attributes["clothes"], attributes["cloth_colour"])
    with pen.turned(*head):
        face.draw_head(pen)
        face.draw_features(pen, attributes["expression"], attributes["eyes"], pose.gaze)
        hair.draw_front(pen, attributes["style"], colour, pose.fringe)
        accessories.DRAW[attributes["accessory"]](pen, colour)
    pixels = surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3].astype(np.uint16)
    blocks = pixels.reshape(size, SUPERSAMPLING, size, SUPERSAMPLING, 3)
    return ((blocks.sum(axis=(1, 3)) + SUPERSAMPLING**2 // 2) // SUPERSAMPLING**2).astype(np.uint8)
