"""Reads the attributes back from a picture by analysis and synthesis.

The reader is not told the prompt. It starts from the nearest of a few thousand renders, fits the pose, and then
substitutes every value of every attribute, keeping the one whose render is nearest on the pixels in which the candidates
differ. It stops when a whole pass changes nothing.
"""

import random
from dataclasses import replace

import numpy as np

from attributes import NAMES, VALUES, random_attributes
from face import EYES_HIDDEN
from hair import FRINGES
from renderer import Pose, render

SIZE = 64  # Half resolution: four times faster, and the values differ in far more than single pixels.
BANK_SIZE, BANK_PIXELS = 6000, 16
PASSES = 4
DIFFERENCE = 12  # Candidates differ in a pixel when their extremes are this many levels apart.
# Large areas first, so that the small ones are compared in the right surroundings.
ORDER = ("background", "hair", "style", "clothes", "cloth_colour", "accessory", "expression", "eyes")


def shrink(picture, size=SIZE):
    """Mean over square blocks."""
    factor = picture.shape[0] // size
    return picture.reshape(size, factor, size, factor, 3).astype(np.float32).mean(axis=(1, 3))


class Bank:
    """Tiny renders of random attribute sets, to start from the nearest one."""

    def __init__(self, seed=7):
        rng = random.Random(seed)
        self.attributes = [random_attributes(rng, held_out=index % 20 == 0) for index in range(BANK_SIZE)]
        self.pixels = np.stack([shrink(render(attributes, size=SIZE), BANK_PIXELS).ravel()
                                for attributes in self.attributes])
        self.squares = (self.pixels**2).sum(axis=1)

    def nearest(self, picture):
        query = shrink(picture, BANK_PIXELS).ravel()
        return dict(self.attributes[int((self.squares - 2 * self.pixels @ query).argmin())])


def _distance(candidate, picture):
    return float(np.abs(candidate.astype(np.float32) - picture).mean())


def fit_pose(attributes, pose, picture):
    """Coordinate descent over tilt, offsets, gaze and fringe."""
    grids = {"tilt": (-3.5, -1.75, 0.0, 1.75, 3.5), "dx": (-2, -1, 0, 1, 2), "dy": (-1.5, 0, 1.5),
             "gaze": (-1.2, 0.0, 1.2), "fringe": range(len(FRINGES))}
    for name, values in grids.items():
        candidates = [replace(pose, **{name: value}) for value in values]
        pose = min(candidates, key=lambda candidate: _distance(render(attributes, candidate, SIZE), picture))
    return pose


def best_value(name, attributes, pose, picture):
    """The value of one attribute whose render is nearest where the candidates differ."""
    values = VALUES[name]
    candidates = np.stack([render(attributes | {name: value}, pose, SIZE) for value in values]).astype(np.float32)
    differing = (candidates.max(axis=0) - candidates.min(axis=0)).max(axis=-1) > DIFFERENCE
    if not differing.any():
        return attributes[name]
    errors = np.abs(candidates[:, differing] - picture[differing]).mean(axis=(1, 2))
    return values[int(errors.argmin())]


def read(picture, bank):
    """The attributes of a 128x128 picture. Eye colour is None when the eyes are shut."""
    small = shrink(picture)
    attributes, pose = bank.nearest(picture), Pose()
    for _ in range(PASSES):
        before = dict(attributes)
        pose = fit_pose(attributes, pose, small)
        for name in ORDER:
            attributes[name] = best_value(name, attributes, pose, small)
        if attributes == before:
            break
    result = {name: attributes[name] for name in NAMES}
    if result["expression"] in EYES_HIDDEN:
        result["eyes"] = None
    return result
