"""Draws with the exported folder through ONNX Runtime: what ships is what is evaluated."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from diffusers import DDIMScheduler

import tokenizer as tokenizers
from models import LATENT_SIZE

BATCH = 32


class Pipeline:
    def __init__(self, folder: Path):
        self.sessions = {name: onnxruntime.InferenceSession(str(folder / name / "model.onnx"),
                                                            providers=["CPUExecutionProvider"])
                         for name in ("text_encoder", "unet", "vae_decoder")}
        self.tokenizer = tokenizers.load(folder / "tokenizer")
        self.scheduler = DDIMScheduler.from_pretrained(folder / "scheduler")
        settings = json.loads((folder / "ekaki.json").read_text(encoding="utf-8"))
        self.steps, self.guidance = settings["num_inference_steps"], settings["guidance_scale"]
        self.scale = json.loads((folder / "vae_decoder" / "config.json").read_text())["scaling_factor"]

    def _run(self, name, **inputs):
        return self.sessions[name].run(None, inputs)[0]

    def encode(self, texts):
        return self._run("text_encoder", input_ids=tokenizers.encode(self.tokenizer, texts).numpy())

    def _draw_batch(self, texts, seeds, steps, guidance):
        states = np.concatenate([self.encode([""] * len(texts)), self.encode(texts)])
        latents = torch.stack([torch.randn(4, LATENT_SIZE, LATENT_SIZE, generator=torch.Generator().manual_seed(seed))
                               for seed in seeds])
        self.scheduler.set_timesteps(steps)
        for timestep in self.scheduler.timesteps:
            output = self._run("unet", sample=torch.cat([latents, latents]).numpy(), encoder_hidden_states=states,
                               timestep=np.full(2 * len(texts), float(timestep), np.float32))
            empty, prompted = torch.from_numpy(output).chunk(2)
            latents = self.scheduler.step(empty + guidance * (prompted - empty), timestep, latents).prev_sample
        pictures = self._run("vae_decoder", latent_sample=(latents / self.scale).numpy())
        return (np.clip(pictures / 2 + 0.5, 0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)

    def draw(self, texts, seeds, steps=None, guidance=None):
        """One picture per text, as [count, height, width, 3] bytes. A seed always gives the same picture."""
        steps, guidance = steps or self.steps, self.guidance if guidance is None else guidance
        return np.concatenate([
            self._draw_batch(texts[start:start + BATCH], seeds[start:start + BATCH], steps, guidance)
            for start in range(0, len(texts), BATCH)])
