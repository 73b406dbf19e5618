"""Asks other programs' readers what they find in the `parameters` text of pictures.

    pip install piexif==1.1.3 sd-parsers==0.6
    pip install --no-deps sd-prompt-reader==1.3.5
    python onnx/tools/check_parameters.py picture.png picture.webp picture.jpg

prints what `sd-parsers` and `sd-prompt-reader` read, and fails if they do not read the same. With

    python onnx/tools/check_parameters.py --golden path/to/stable-diffusion-webui

it asks them, and the web UI's own reader out of a checkout, about the texts below, and writes the answers into
`inference/testdata/images/recipes.json`. (AUTOMATIC1111's and Forge's checkouts both will do.)
"""

import argparse
import ast
import json
import os
import random
import re
import sys
from pathlib import Path
from types import SimpleNamespace

from sd_parsers import ParserManager
from sd_parsers.parsers import AUTOMATIC1111Parser
from sd_prompt_reader.format.a1111 import A1111
from sd_prompt_reader.image_data_reader import ImageDataReader

RECIPES = Path(__file__).resolve().parents[2] / "inference" / "testdata" / "images" / "recipes.json"

OWN = [
    "1girl, pink hair\nNegative prompt: blurry\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, "
    "Model: avatar, RNG: CPU, Version: Ekaki 0.1.0",
    "後藤ひとり, (guitar:1.2) 🎸,\nBREAK\n\na \"quoted\" [sign]\nSteps: 28, Sampler: DPM++ 2M, Schedule type: Karras, "
    "CFG scale: 6.5, Seed: 18446744073709551615, Size: 512x768, Model: sd-1.5, Variation seed: 5, "
    "Variation seed strength: 0.25, Clip skip: 2, RNG: NV, CFG Rescale: 0.7, Guidance interval: 0-0.8, "
    "Version: Ekaki 0.1.0",
    "\nNegative prompt: blurry,\nlow quality\nSteps: 1, Sampler: DDIM, CFG scale: 1, Seed: 0, Size: 64x64, "
    "Model: avatar, Denoising strength: 0.6, RNG: CPU, Eta DDIM: 1, Hires upscale: 2, Hires steps: 10, "
    "Hires upscaler: Latent (nearest-exact), Version: Ekaki 0.1.0",
    "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, Model: avatar, "
    "Denoising strength: 0.75, RNG: CPU, Eta: 0.5, Mask blur: 4, Version: Ekaki 0.1.0",
]

OTHERS = [
    # AUTOMATIC1111's web UI, before and after schedule types had a key.
    "masterpiece, 1girl, <lora:foo:0.8>\nNegative prompt: (worst quality:1.4), EasyNegative\nSteps: 25, "
    "Sampler: DPM++ 2M Karras, CFG scale: 7.0, Seed: 2603178394, Size: 512x768, Model hash: 6ce0161689, "
    "Model: anything-v4, VAE hash: 735e4c3a44, VAE: animevae.pt, Denoising strength: 0.5, Clip skip: 2, "
    "ENSD: 31337, Hires resize: 1024x1536, Hires steps: 15, Hires upscaler: R-ESRGAN 4x+ Anime6B, "
    "Lora hashes: \"foo: 1a2b3c, bar: 4d5e6f\", Version: v1.6.0",
    "a castle\nSteps: 30, Sampler: DPM++ 2M SDE, Schedule type: Exponential, CFG scale: 5, Seed: 42, Size: 640x512, "
    "Model hash: cc6cb27103, Model: v1-5-pruned, RNG: CPU, Hashes: {\"model\": \"cc6cb27103\"}, Version: v1.10.1",
    # Forge.
    "a dog\nSteps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 99, "
    "Size: 896x1152, Model hash: fef37763b8, Model: flux1, Version: f2.0.1v1.10.1-previous, Module 1: ae",
    # A node of ComfyUI that saves in this format.
    "a bird\nNegative prompt: frog\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 8.0, Seed: 123456789012345, "
    "Size: 512x512, Model hash: 1234567890, Model: dreamshaper_8, Version: ComfyUI",
]

# Only for the web UI's reader: the others stop at every comma, or take the first key that they find.
HARD = [
    'x\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 8x8, Model: "sd: 1.5, \\"pruned\\"", RNG: CPU, '
    "Version: Ekaki 0.1.0",
    "Steps: a\nSteps: 5, Sampler: DDIM, Seed: 3\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 8x8",
    "a\nNegative prompt: b\nNegative prompt: c\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 8x8",
    "\n\n  a  \n\n b \r\nNegative prompt:c\n  Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Seed: 2  \n",
]


def random_lines(count):
    """Parameters and near misses, in which any of the characters that mean something may stand anywhere."""
    generator = random.Random(0)
    parts = ["Foo", "x", "k v", "é", "後", "_", "-", "/", " ", ",", ":", ": ", ", ", '"', '\\', "1", "\t", "512x768"]
    for _ in range(count):
        yield "Aa: 1, Bb: 2, Cc: 3, " + "".join(generator.choices(parts, k=generator.randint(3, 24)))


# --- readers ------------------------------------------------------------------------------------------------------


def fields_of_sd_parsers(info):
    (sampler,) = info.samplers
    text = lambda prompts: prompts[0].value if prompts else ""
    return {
        "prompt": text(sampler.prompts),
        "negative_prompt": text(sampler.negative_prompts),
        "sampler": sampler.name,
        "steps": sampler.parameters["steps"],
        "cfg_scale": sampler.parameters["cfg_scale"],
        "seed": sampler.parameters["seed"],
        "size": info.metadata["Size"],
        "model": sampler.model.name,
    }


def fields_of_sd_prompt_reader(reader):
    return {
        "prompt": reader.positive,
        "negative_prompt": reader.negative,
        "sampler": reader.parameter["sampler"],
        "steps": reader.parameter["steps"],
        "cfg_scale": reader.parameter["cfg"],
        "seed": reader.parameter["seed"],
        "size": reader.parameter["size"],
        "model": reader.parameter["model"],
    }


def fields_of_text(text):
    reader = A1111(raw=text)
    reader.parse()
    return [
        fields_of_sd_parsers(AUTOMATIC1111Parser().parse({"parameters": text})),
        fields_of_sd_prompt_reader(reader),
    ]


def fields_of_file(path):
    return [
        fields_of_sd_parsers(ParserManager().parse(path)),
        fields_of_sd_prompt_reader(ImageDataReader(path)),
    ]


def webui_reader(checkout):
    """The web UI's reader without the rest of the web UI: the functions are taken out of its module."""
    module = ast.parse((Path(checkout) / "modules" / "infotext_utils.py").read_text(encoding="utf-8"))
    functions = {"parse_generation_parameters", "restore_old_hires_fix_params", "unquote"}
    patterns = {"re_param_code", "re_param", "re_imagesize"}

    def is_wanted(part):
        if isinstance(part, ast.FunctionDef):
            return part.name in functions
        if isinstance(part, ast.Assign):
            return ast.unparse(part.targets[0]) in patterns
        return isinstance(part, ast.ImportFrom) and part.module == "__future__"

    kept = [part for part in module.body if is_wanted(part)]
    options = SimpleNamespace(
        infotext_styles="Ignore",
        infotext_skip_pasting=[],
        use_old_hires_fix_width_height=False,
        sd_model_checkpoint="",
        forge_additional_modules=[],
    )
    names = {
        "json": json,
        "os": os,
        "re": re,
        "shared": SimpleNamespace(opts=options),
        "infotext_versions": SimpleNamespace(backcompat=lambda fields: None),
        "prompt_parser": SimpleNamespace(parse_prompt_attention=lambda prompt: []),
        "main_entry": SimpleNamespace(module_list={}),
        "print": lambda *texts: None,
    }
    exec(compile(ast.Module(kept, []), "infotext_utils.py", "exec"), names)

    def read(text):
        fields = names["parse_generation_parameters"](text)
        line = text.strip().split("\n")[-1]
        # The web UI drops keys without a value.
        pairs = [[key, names["unquote"](value)] for key, value in names["re_param"].findall(line) if value]
        return {"prompt": fields["Prompt"], "negative_prompt": fields["Negative prompt"], "pairs": pairs}

    return read


# --- commands -----------------------------------------------------------------------------------------------------


def write_golden(checkout):
    read = webui_reader(checkout)
    cases = []
    for kind, texts in {"own": OWN, "other": OTHERS, "hard": HARD}.items():
        for text in texts:
            readers = [] if kind == "hard" else fields_of_text(text)
            cases.append({"kind": kind, "text": text, "webui": read(text), "readers": readers})
    for line in random_lines(300):
        cases.append({"kind": "hard", "text": line, "webui": read(line), "readers": []})
    lines = [json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases]
    RECIPES.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def check(paths):
    differ = False
    for path in paths:
        first, second = fields_of_file(path)
        differ |= first != second
        print(f"{path}: {'the same' if first == second else 'NOT THE SAME'}")
        for fields in [first] if first == second else [first, second]:
            print(json.dumps(fields, ensure_ascii=False, indent=2))
    sys.exit(differ)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--golden", metavar="CHECKOUT")
    arguments.add_argument("pictures", nargs="*")
    arguments = arguments.parse_args()
    if arguments.golden:
        write_golden(arguments.golden)
    else:
        check(arguments.pictures)
