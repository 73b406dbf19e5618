"""Writes the pictures in `inference/testdata/pictures/` that the engine's pictures are compared with.

They are drawn by optimum's ONNX pipeline from the committed model, `onnx/avatar`, with torch's noise and diffusers'
schedulers. Run it again whenever the model changes:

    pip install -r onnx/tools/requirements.txt
    python onnx/tools/make_expected_pictures.py
"""

import json
from pathlib import Path

import diffusers
import torch
from optimum.onnxruntime import ORTStableDiffusionPipeline

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL = REPOSITORY / "onnx" / "avatar"
PICTURES = REPOSITORY / "inference" / "testdata" / "pictures"

LONG_PROMPT = "a girl with long pink hair and blue eyes who plays the guitar in a closet, " * 8

CASES = [
    {
        "file": "japanese.png",
        "prompt": "後藤ひとり",
        "negative_prompt": "",
        "width": 128,
        "height": 128,
        "num_inference_steps": 16,
        "guidance_scale": 3.0,
        "seed": 1,
        "scheduler": "DDIMScheduler",
    },
    {
        "file": "negative_euler_tall.png",
        "prompt": "long silver hair, red eyes, smile, cat ears",
        "negative_prompt": "glasses, 帽子",
        "width": 128,
        "height": 192,
        "num_inference_steps": 12,
        "guidance_scale": 4.5,
        "seed": 42,
        "scheduler": "EulerDiscreteScheduler",
    },
    {
        "file": "unguided_wide.png",
        "prompt": "青い髪の女の子、笑顔、夜空",
        "negative_prompt": "",
        "width": 192,
        "height": 128,
        "num_inference_steps": 10,
        "guidance_scale": 1.0,
        "seed": 2**32 + 7,
        "scheduler": "DDIMScheduler",
    },
    {
        "file": "euler_many_steps.png",
        "prompt": "1girl, green twintails, blue dress, sunset",
        "negative_prompt": "",
        "width": 128,
        "height": 128,
        "num_inference_steps": 25,
        "guidance_scale": 7.5,
        "seed": 0,
        "scheduler": "EulerDiscreteScheduler",
    },
    {
        "file": "truncated_prompt.png",
        "prompt": LONG_PROMPT,
        "negative_prompt": "",
        "width": 64,
        "height": 96,
        "num_inference_steps": 4,
        "guidance_scale": 2.0,
        "seed": 123456789,
        "scheduler": "DDIMScheduler",
    },
]


def let_timestep_be_a_batch(unet):
    """optimum gives the UNet one timestep for the whole batch; this one wants one for each row."""
    run = unet.session.run

    def run_with_batch(output_names, inputs, run_options=None):
        rows = inputs["sample"].shape[0]
        inputs = {**inputs, "timestep": inputs["timestep"].reshape(-1).repeat(rows)}
        return run(output_names, inputs, run_options)

    unet.use_io_binding = False
    unet.session.run = run_with_batch


def main():
    PICTURES.mkdir(parents=True, exist_ok=True)
    pipeline = ORTStableDiffusionPipeline.from_pretrained(MODEL, provider="CPUExecutionProvider")
    pipeline.set_progress_bar_config(disable=True)
    let_timestep_be_a_batch(pipeline.unet)
    own_config = pipeline.scheduler.config
    for case in CASES:
        parameters = {key: value for key, value in case.items() if key not in ("file", "seed", "scheduler")}
        pipeline.scheduler = getattr(diffusers, case["scheduler"]).from_config(own_config)
        generator = torch.Generator("cpu").manual_seed(case["seed"])
        picture = pipeline(generator=generator, **parameters).images[0]
        picture.save(PICTURES / case["file"], optimize=True)
        print(case["file"], picture.size)
    cases = json.dumps(CASES, ensure_ascii=False, indent=2)
    (PICTURES / "cases.json").write_text(cases + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
