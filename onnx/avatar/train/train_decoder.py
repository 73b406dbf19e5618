"""Sharpens the decoder on the cached latents. The encoder stays as it is, so the UNet never notices.

Without the encoder a step costs half, and all the capacity goes into the picture. The latents get a little noise, because
those of the UNet are not exact either.
"""

import numpy as np
import torch
import torch.nn.functional as functional

import dataset
import models
import training
from train_vae import COARSE_WEIGHT, GRADIENT_WEIGHT, coarse_loss, gradient_loss

BATCH = 2  # Per worker.
PEAK_RATE = 6e-4
NOISE = 0.03


def main():
    options = training.arguments(__doc__, 3000)
    pictures = dataset.pictures(options.work_dir / "data")
    cached = torch.load(options.work_dir / "latents.pt")
    latents, scaling_factor = cached["latents"], cached["scaling_factor"]
    vae = models.build_vae()
    vae.load_state_dict(torch.load(options.work_dir / "vae.pt")["model"])
    parameters = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=1e-4)
    path, first = options.work_dir / "decoder.pt", 0
    if checkpoint := training.resume(path):
        vae.load_state_dict(checkpoint["model"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        first = checkpoint["step"]
    torch.manual_seed(1000 * training.RANK + first)
    log = training.Log(100)

    def keep(step):
        training.save(path, model=vae.state_dict(), optimiser=optimiser.state_dict(), step=step)

    for step in range(first, options.steps):
        for group in optimiser.param_groups:
            group["lr"] = training.warmup_cosine(step, options.steps, PEAK_RATE, warmup=50)
        chosen = torch.randint(len(latents), (BATCH,)).tolist()
        target = torch.from_numpy(np.stack([pictures[index] for index in chosen]))
        target = target.permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1
        inputs = latents[chosen].float()
        inputs = (inputs + NOISE * torch.randn_like(inputs)) / scaling_factor
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = vae.decoder(vae.post_quant_conv(inputs)).float()
        l1, gradient = functional.l1_loss(output, target), gradient_loss(output, target)
        loss = l1 + GRADIENT_WEIGHT * gradient + COARSE_WEIGHT * coarse_loss(output, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        training.average_gradients(parameters)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        log.add(step, l1=l1, gradient=gradient)
        if (step + 1) % 200 == 0:
            keep(step + 1)
    keep(max(first, options.steps))


if __name__ == "__main__":
    main()
