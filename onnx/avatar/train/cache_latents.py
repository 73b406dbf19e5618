"""Encodes the training pictures once, and measures what the export records about the latents."""

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional

import dataset
import models
import training

BATCH = 40
PREVIEW_SAMPLES = 2000
_state = {}


def fit_preview(latents, pictures):
    """Least squares from a scaled latent to the mean colour of its 8x8 pixels: rgb = latent @ matrix + bias."""
    colours = functional.avg_pool2d(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255, 8)
    inputs = latents.float().permute(0, 2, 3, 1).reshape(-1, 4)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    solution = torch.linalg.lstsq(inputs, colours.permute(0, 2, 3, 1).reshape(-1, 3)).solution
    rounded = [[round(float(value), 5) for value in row] for row in solution]
    return {"matrix": rounded[:4], "bias": rounded[4]}


def _prepare(work: Path):
    torch.set_num_threads(1)
    vae = models.build_vae().eval()
    vae.load_state_dict(torch.load(work / "vae.pt")["model"])
    _state.update(vae=vae, pictures=dataset.pictures(work / "data"))


@torch.no_grad()
def _encode(start):
    """The mean of the latent distribution; its deviation is far too small to matter."""
    batch = torch.from_numpy(np.array(_state["pictures"][start:start + BATCH]))
    batch = batch.permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return _state["vae"].quant_conv(_state["vae"].encoder(batch)).float()[:, :4].numpy()


def main():
    options = training.arguments(__doc__, 0)
    if (options.work_dir / "latents.pt").exists():
        print("already cached")
        return
    pictures = dataset.pictures(options.work_dir / "data")
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"), initializer=_prepare,
                             initargs=(options.work_dir,)) as pool:
        means = torch.from_numpy(np.concatenate(list(pool.map(_encode, range(0, len(pictures), BATCH)))))
    scaling_factor = 1 / float(means.std())
    latents = (means * scaling_factor).half()
    preview = fit_preview(latents[:PREVIEW_SAMPLES], np.array(pictures[:PREVIEW_SAMPLES]))
    (options.work_dir / "latents.json").write_text(json.dumps({"scaling_factor": scaling_factor, "preview": preview}))
    training.save(options.work_dir / "latents.pt", latents=latents, scaling_factor=scaling_factor)
    print(f"scaling factor {scaling_factor:.4f}, channel means {latents.float().mean(dim=(0, 2, 3)).tolist()}, "
          f"channel deviations {latents.float().std(dim=(0, 2, 3)).tolist()}")


if __name__ == "__main__":
    main()
