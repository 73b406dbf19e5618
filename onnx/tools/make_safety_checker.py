"""Writes `inference/testdata/safety/`: Stable Diffusion's safety checker in miniature, and what it says to pictures.

The network is diffusers' own class with a few random weights, exported as diffusers' `convert_stable_diffusion_
checkpoint_to_onnx.py` exports the real one, in single and in half precision. Its thresholds are set so that it has
doubts about some of the pictures in `inference/testdata/`. What it sees of them is made by transformers'
`CLIPImageProcessor`.

    pip install -r onnx/tools/requirements.txt
    python3 onnx/tools/make_safety_checker.py
"""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker, cosine_distance
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor

TESTDATA = Path(__file__).resolve().parents[2] / "inference" / "testdata"
FOLDER = TESTDATA / "safety"
PICTURES = [
    "images/resize/source.png",
    "exports/inpaint.png",
    "exports/source.png",
    "exports/text_to_image.png",
    "exports/tiled.png",
    "exports/wide.png",
]
# A larger picture than the network sees, which the test makes as well.
PATTERN = "pattern"
# Where the pixels that the network sees are compared: channel, row, column.
ANCHORS = [(c, y, x) for c, y, x in zip([0, 1, 2] * 7, range(0, 224, 11), range(223, 0, -11))]


def picture(name):
    if name != PATTERN:
        return Image.open(TESTDATA / name).convert("RGB")
    y, x = np.mgrid[0:301, 0:500]
    return Image.fromarray(np.stack([7 * x + 13 * y, x * y // 16, x + 2 * y], axis=2).astype(np.uint8))


def checker():
    vision = dict(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=224,
        patch_size=16,
        initializer_range=0.3,
    )
    text = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, vocab_size=8)
    model = StableDiffusionSafetyChecker(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)).eval()
    for embeds in (model.concept_embeds, model.special_care_embeds):
        embeds.data = torch.randn_like(embeds)
    return model


def set_thresholds(model, inputs):
    """One concept tells the pictures apart as well as possible; all others are found in none of them."""
    with torch.no_grad():
        embeds = model.visual_projection(model.vision_model(inputs)[1])
        scores = cosine_distance(embeds, model.concept_embeds).sort(dim=0).values
    half = len(scores) // 2
    gaps = scores[half] - scores[half - 1]
    concept = gaps.argmax()
    model.concept_embeds_weights.data.fill_(2.0)
    model.special_care_embeds_weights.data.fill_(2.0)
    model.concept_embeds_weights.data[concept] = (scores[half - 1, concept] + scores[half, concept]) / 2
    print(f"the nearest score is {gaps.max().item() / 2:.3f} from the threshold")


def export(model, path, dtype):
    path.parent.mkdir(parents=True, exist_ok=True)
    model.forward = model.forward_onnx
    torch.onnx.export(
        model,
        (torch.randn(1, 3, 224, 224, dtype=dtype), torch.randn(1, 64, 64, 3, dtype=dtype)),
        str(path),
        input_names=["clip_input", "images"],
        output_names=["out_images", "has_nsfw_concepts"],
        dynamic_axes={
            "clip_input": {0: "batch", 1: "channels", 2: "height", 3: "width"},
            "images": {0: "batch", 1: "height", 2: "width", 3: "channels"},
        },
        opset_version=14,
        dynamo=False,
    )


def main():
    torch.manual_seed(0)
    processor = CLIPImageProcessor()
    names = [*PICTURES, PATTERN]
    inputs = torch.cat([processor(picture(name), return_tensors="pt").pixel_values for name in names])
    model = checker()
    set_thresholds(model, inputs)
    _, flagged = model.forward_onnx(inputs, torch.zeros(len(names), 8, 8, 3))
    cases = [
        {
            "picture": name,
            "flagged": bool(verdict),
            "anchors": [[c, y, x, round(seen[c, y, x].item(), 5)] for c, y, x in ANCHORS],
        }
        for name, seen, verdict in zip(names, inputs, flagged)
    ]
    processor.save_pretrained(FOLDER / "feature_extractor")
    export(model, FOLDER / "safety_checker" / "model.onnx", torch.float32)
    export(model.half(), FOLDER / "safety_checker" / "half.onnx", torch.float16)
    lines = [json.dumps(case, separators=(",", ":")) for case in cases]
    (FOLDER / "expected.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print([case["flagged"] for case in cases])


if __name__ == "__main__":
    main()
