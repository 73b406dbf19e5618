"""Validates the reader on pictures whose attributes are known: renders, as they are and through the autoencoder."""

import random

import numpy as np
import torch

import models
import training
from attributes import NAMES, random_attributes
from evaluate import accuracy, read_all
from renderer import random_pose, render

PICTURES = 150


@torch.no_grad()
def reconstruct(work, pictures):
    vae = models.build_vae().eval()
    vae.load_state_dict(torch.load(work / "decoder.pt")["model"])
    inputs = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    outputs = torch.cat([vae.decode(vae.encode(part).latent_dist.mean).sample for part in inputs.split(20)])
    return ((outputs.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def main():
    options = training.arguments(__doc__, 0)
    rng = random.Random(99)
    wanted = [random_attributes(rng, held_out=True) for _ in range(PICTURES)]
    pictures = np.stack([render(attributes, random_pose(rng)) for attributes in wanted])
    for title, images in (("renders", pictures), ("reconstructions", reconstruct(options.work_dir, pictures))):
        shares = accuracy(wanted, read_all(images))
        print(title, "  ".join(f"{name} {shares[name]:.1%}" for name in NAMES), flush=True)


if __name__ == "__main__":
    main()
