"""Writes the pictures in `inference/testdata/pictures/` that the engine's pictures are compared with.

They are drawn from the committed model, `onnx/avatar`, by diffusers' pipelines, in which every network is the exported
one. Run it again whenever the model changes:

    pip install -r onnx/tools/requirements.txt
    python onnx/tools/make_expected_pictures.py
"""

import json
from pathlib import Path

import diffusers
import numpy as np
import onnxruntime
import torch
from diffusers import (
    AutoencoderKL,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.models.autoencoders.vae import DecoderOutput
from PIL import Image
from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL = REPOSITORY / "onnx" / "avatar"
PICTURES = REPOSITORY / "inference" / "testdata" / "pictures"
MASK = "mask.png"

LONG_PROMPT = "a girl with long pink hair and blue eyes who plays the guitar in a closet, " * 8

# More than 75 tokens, so that it is read in two parts; AUTOMATIC1111 would rather begin the second one after a comma.
WITHOUT_COMMAS = "a girl with very long pink hair and bright blue eyes and a red dress at the seaside " * 6

# What the engine's names of schedulers are in diffusers.
SCHEDULERS = {
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "LCM": ("LCMScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
}

PORTRAIT = {
    "prompt": "pink hair, blue eyes, smile",
    "negative_prompt": "glasses",
    "width": 128,
    "height": 128,
    "num_inference_steps": 10,
    "guidance_scale": 3.0,
    "seed": 5,
    "scheduler": "DDIMScheduler",
}
# Every picture to begin with is one that is drawn before.
SOURCE = {"image": "japanese.png", "strength": 0.6}

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
        "prompt_syntax": "plain",
    },
    PORTRAIT | {"file": "image_to_image_weak.png", "source": SOURCE | {"strength": 0.3}},
    PORTRAIT | {"file": "image_to_image.png", "source": SOURCE, "scheduler": "EulerDiscreteScheduler"},
    PORTRAIT | {"file": "image_to_image_strongest.png", "source": SOURCE | {"strength": 1.0}},
    PORTRAIT | {"file": "inpaint.png", "source": SOURCE | {"strength": 0.75, "mask": MASK}},
    PORTRAIT | {"file": "inpaint_strongest.png", "source": SOURCE | {"strength": 1.0, "mask": MASK}},
    PORTRAIT | {"file": "hires.png", "hires": {"scale": 1.25, "strength": 0.6, "num_inference_steps": 8}},
    PORTRAIT | {"file": "guidance_rescale.png", "guidance_scale": 9.0, "guidance_rescale": 0.7},
    PORTRAIT | {"file": "guidance_interval.png", "guidance_scale": 6.0, "guidance_interval": [0.2, 0.8]},
    PORTRAIT | {"file": "eta.png", "eta": 0.5},
    PORTRAIT | {"file": "dpm.png", "scheduler": "DPM++ 2M Karras"},
    PORTRAIT | {"file": "euler_ancestral.png", "scheduler": "Euler a"},
    PORTRAIT | {"file": "unipc.png", "scheduler": "UniPC", "num_inference_steps": 6},
    PORTRAIT | {"file": "lcm.png", "scheduler": "LCM", "num_inference_steps": 4, "guidance_scale": 1.0},
    PORTRAIT | {"file": "heun_image_to_image.png", "scheduler": "Heun", "source": SOURCE},
    PORTRAIT | {"file": "ancestral_inpaint.png", "scheduler": "Euler a", "source": SOURCE | {"mask": MASK}},
    PORTRAIT
    | {
        "file": "weights.png",
        "prompt": "(long silver hair:1.4), red eyes, [smile]",
        "pieces": [("long silver hair", 1.4), (", red eyes, ", 1.0), ("smile", 1 / 1.1)],
    },
    PORTRAIT
    | {
        "file": "long_prompt.png",
        "prompt": WITHOUT_COMMAS,
        "guidance_scale": 1.0,
        "pieces": [(WITHOUT_COMMAS, 1.0)],
    },
]


# --- the model ---------------------------------------------------------------------------------------------------


def network(name):
    """The first output of an exported network, as a function of its inputs."""
    session = onnxruntime.InferenceSession(MODEL / name / "model.onnx", providers=["CPUExecutionProvider"])
    first = session.get_outputs()[0].name

    def run(**inputs):
        return torch.from_numpy(session.run([first], {key: value.numpy() for key, value in inputs.items()})[0])

    return run


def text_encoder():
    model = CLIPTextModel(CLIPTextConfig.from_pretrained(MODEL / "text_encoder"))
    run = network("text_encoder")
    model.forward = lambda ids, attention_mask=None: BaseModelOutputWithPooling(last_hidden_state=run(input_ids=ids))
    return model


def unet():
    model = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(MODEL / "unet"))
    run = network("unet")

    def forward(sample, timestep, encoder_hidden_states, **_options):
        timesteps = timestep.float().reshape(-1).repeat(len(sample))
        return (run(sample=sample, timestep=timesteps, encoder_hidden_states=encoder_hidden_states),)

    model.forward = forward
    return model


def vae():
    model = AutoencoderKL.from_config(AutoencoderKL.load_config(MODEL / "vae_decoder"))
    encode, decode = network("vae_encoder"), network("vae_decoder")
    model._encode = lambda sample: encode(sample=sample)
    model._decode = lambda latents: DecoderOutput(sample=decode(latent_sample=latents))
    return model


def whole_pipeline():
    index = StableDiffusionPipeline.load_config(MODEL)
    return StableDiffusionPipeline(
        text_encoder=text_encoder(),
        unet=unet(),
        vae=vae(),
        tokenizer=AutoTokenizer.from_pretrained(MODEL / "tokenizer"),
        scheduler=getattr(diffusers, index["scheduler"][1]).from_pretrained(MODEL / "scheduler"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


# --- a picture ---------------------------------------------------------------------------------------------------


def draw(pipeline, case):
    """What diffusers draws."""
    generator = torch.Generator("cpu").manual_seed(case["seed"])
    if "hires" in case:
        return draw_twice(pipeline, case, generator)
    parameters = common(pipeline, case) | {"generator": generator}
    size = {"width": case["width"], "height": case["height"]}
    scheduler = scheduler_of(pipeline, case["scheduler"])
    if "source" not in case:
        parameters |= size | {"guidance_rescale": case.get("guidance_rescale", 0.0)}
        if "guidance_interval" in case:
            parameters |= guidance_interval(pipeline, case)
        return run(StableDiffusionPipeline, pipeline, scheduler, **parameters).images[0]
    image = Image.open(PICTURES / case["source"]["image"]).convert("RGB")
    source = {"image": image, "strength": case["source"]["strength"]}
    if "mask" not in case["source"]:
        return run(StableDiffusionImg2ImgPipeline, pipeline, scheduler, **parameters, **source).images[0]
    mask = Image.open(PICTURES / case["source"]["mask"])
    kind = StableDiffusionInpaintPipeline
    picture = run(kind, pipeline, scheduler, mask_image=mask, **parameters, **size, **source).images[0]
    # The engine leaves what is outside of the mask exactly as it was, which diffusers leaves to its caller.
    return Image.composite(picture, image, mask)


def guidance_interval(pipeline, case):
    """Guidance in a part of the steps, which diffusers leaves to a callback between them."""
    prompt, negative = pipeline.encode_prompt(case["prompt"], "cpu", 1, True, case["negative_prompt"])
    start, stop = (int(fraction * case["num_inference_steps"]) for fraction in case["guidance_interval"])

    def scale_of(step):
        return case["guidance_scale"] if start <= step < stop else 1.0

    def prepare_next(pipe, step, _timestep, _tensors):
        pipe._guidance_scale = scale_of(step + 1)
        return {"prompt_embeds": torch.cat([negative, prompt]) if pipe.do_classifier_free_guidance else prompt}

    return {
        "guidance_scale": scale_of(0),
        "callback_on_step_end": prepare_next,
        "callback_on_step_end_tensor_inputs": ["prompt_embeds"],
    }


def draw_twice(pipeline, case, generator):
    """The second pass begins with the enlarged latents of the first and goes on with its generator."""
    hires = case["hires"]
    parameters = common(pipeline, case) | {"generator": generator}
    latents = run(
        StableDiffusionPipeline,
        pipeline,
        scheduler_of(pipeline, case["scheduler"]),
        width=case["width"],
        height=case["height"],
        output_type="latent",
        **parameters,
    ).images
    height, width = (int(side * hires["scale"]) for side in latents.shape[2:])
    enlarged = torch.nn.functional.interpolate(latents, size=(height, width), mode="bilinear")
    return run(
        StableDiffusionImg2ImgPipeline,
        pipeline,
        scheduler_of(pipeline, case["scheduler"]),
        image=enlarged,
        strength=hires["strength"],
        **parameters | {"num_inference_steps": hires["num_inference_steps"]},
    ).images[0]


def common(pipeline, case):
    """What every pipeline is told."""
    prompt = {"prompt": case["prompt"]}
    if "pieces" in case:
        prompt = {"prompt_embeds": weighted(pipeline, case["pieces"])}
    return prompt | {
        "negative_prompt": case["negative_prompt"],
        "num_inference_steps": case["num_inference_steps"],
        "guidance_scale": case["guidance_scale"],
        "eta": case.get("eta", 0.0),
    }


def weighted(pipeline, pieces):
    """AUTOMATIC1111's reading of a prompt without commas near the 75th token (modules/sd_hijack_clip.py).

    Pieces of equal weight are tokenized one by one and cut into chunks. The hidden states of a chunk are multiplied by
    the weights, and then by what makes their mean what it was.
    """
    tokenizer = pipeline.tokenizer
    ids, weights = [], []
    for text, weight in pieces:
        found = tokenizer(text, add_special_tokens=False).input_ids
        ids += found
        weights += [weight] * len(found)
    states = []
    for begin in range(0, len(ids), 75):
        chunk, emphasis = ids[begin : begin + 75], weights[begin : begin + 75]
        padding = 75 - len(chunk)
        chunk = [tokenizer.bos_token_id, *chunk, tokenizer.eos_token_id] + [tokenizer.pad_token_id] * padding
        emphasis = torch.tensor([1.0, *emphasis, 1.0] + [1.0] * padding)
        plain = pipeline.text_encoder(torch.tensor([chunk])).last_hidden_state
        emphasized = plain * emphasis[None, :, None]
        states.append(emphasized * (plain.mean() / emphasized.mean()))
    return torch.cat(states, dim=1)


def scheduler_of(pipeline, name):
    class_name, changes = SCHEDULERS.get(name, (name, {}))
    return getattr(diffusers, class_name).from_config(pipeline.scheduler.config, **changes)


def run(kind, pipeline, scheduler, **parameters):
    other = kind.from_pipe(pipeline, scheduler=scheduler)
    other.set_progress_bar_config(disable=True)
    return other(**parameters)


def write_mask():
    """Hard edges that are not those of latent pixels."""
    mask = np.zeros((128, 128), np.uint8)
    mask[21:77, 34:101] = 255
    Image.fromarray(mask).save(PICTURES / MASK, optimize=True)


def main():
    PICTURES.mkdir(parents=True, exist_ok=True)
    write_mask()
    pipeline = whole_pipeline()
    for case in CASES:
        picture = draw(pipeline, case)
        picture.save(PICTURES / case["file"], optimize=True)
        print(case["file"], picture.size)
    # The pieces are how this script reads a prompt; the engine has to find them by itself.
    cases = [{key: value for key, value in case.items() if key != "pieces"} for case in CASES]
    text = json.dumps(cases, ensure_ascii=False, indent=2)
    (PICTURES / "cases.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
