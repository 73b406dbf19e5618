"""Writes `inference/testdata/images/`: picture files as others write them and what the references make of them.

The references are Pillow (decoding, resizing), piexif (EXIF) and torch (enlarging latents). Run it again only to
cover more: the committed files are the contract.

    pip install -r onnx/tools/requirements.txt piexif==1.1.3
    python onnx/tools/make_golden_images.py
"""

import io
import json
from pathlib import Path

import numpy as np
import piexif
import piexif.helper
import torch
from PIL import Image, ImageOps, PngImagePlugin

TESTDATA = Path(__file__).resolve().parents[2] / "inference" / "testdata" / "images"
RECIPE = "1girl, pink hair\nNegative prompt: blurry\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 12x8"
UNICODE_RECIPE = RECIPE.replace("1girl", "後藤ひとり 🎸")


def write(name, cases):
    lines = [json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases]
    (TESTDATA / name).write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


# --- files --------------------------------------------------------------------------------------------------------


def blocks(mode="RGB"):
    """A picture of 24x16 pixels whose six blocks differ, so that turning it shows."""
    colours = np.array(
        [[[200, 40, 40], [40, 200, 40], [40, 40, 200]], [[200, 200, 40], [40, 200, 200], [90, 90, 90]]], np.uint8
    )
    return Image.fromarray(colours.repeat(8, axis=0).repeat(8, axis=1)).convert(mode)


def see_through():
    image = blocks("RGBA")
    image.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 24).astype(np.uint8), (16, 1))))
    return image


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, **options)
    return file.getvalue()


def with_comment(file, comment):
    """The file with an EXIF comment, by the calls with which the web UI writes it."""
    exif = piexif.dump({"Exif": {piexif.ExifIFD.UserComment: comment}})
    output = io.BytesIO()
    piexif.insert(exif, file, output)
    return output.getvalue()


def with_text(text, zip=False, international=False):
    info = PngImagePlugin.PngInfo()
    if international:
        info.add_itxt("parameters", text, zip=zip)
    else:
        info.add_text("parameters", text, zip=zip)
    return saved(blocks(), format="PNG", pnginfo=info)


def files():
    jpeg = {"format": "JPEG", "quality": 95, "subsampling": 0}
    webp = {"format": "WEBP", "lossless": True}
    comment = piexif.helper.UserComment.dump
    frames = {"save_all": True, "append_images": [ImageOps.invert(blocks())], "duration": 100}
    gray16 = Image.fromarray(np.asarray(blocks("L")).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x8769] = {0x9286: b"UNICODE\0" + UNICODE_RECIPE.encode("utf-16-le")}
    yield "gray.png", saved(blocks("L"), format="PNG"), None
    yield "gray_16_bit.png", saved(gray16, format="PNG"), None
    yield "bilevel.png", saved(blocks("1"), format="PNG"), None
    yield "palette.png", saved(blocks("P"), format="PNG"), None
    yield "palette_transparent.png", saved(blocks().quantize(6), format="PNG", transparency=bytes([0, 80, 160])), None
    yield "gray_alpha.png", saved(see_through().convert("LA"), format="PNG"), None
    yield "alpha.png", saved(see_through(), format="PNG"), None
    yield "alpha.webp", saved(see_through(), exact=True, **webp), None
    yield "animated.png", saved(blocks(), format="PNG", **frames), None
    yield "animated.webp", saved(blocks(), **webp, **frames), None
    yield "animated.gif", saved(blocks(), format="GIF", **frames), None
    yield "cmyk.jpg", saved(blocks("CMYK"), **jpeg), None
    yield "gray.jpg", saved(blocks("L"), **jpeg), None
    yield "progressive.jpg", saved(blocks(), progressive=True, **jpeg), None
    for orientation in range(1, 9):
        turned = Image.Exif()
        turned[0x0112] = orientation
        yield f"orientation_{orientation}.jpg", saved(blocks(), exif=turned, **jpeg), None
    yield "webui.png", with_text(RECIPE), RECIPE
    yield "webui_unicode.png", with_text(UNICODE_RECIPE), UNICODE_RECIPE
    yield "compressed_text.png", with_text(RECIPE, zip=True), RECIPE
    yield "compressed_unicode.png", with_text(UNICODE_RECIPE, zip=True, international=True), UNICODE_RECIPE
    yield "webui.jpg", with_comment(saved(blocks(), **jpeg), comment(UNICODE_RECIPE, "unicode")), UNICODE_RECIPE
    yield "webui.webp", with_comment(saved(blocks(), **webp), comment(UNICODE_RECIPE, "unicode")), UNICODE_RECIPE
    yield "ascii_comment.jpg", with_comment(saved(blocks(), **jpeg), comment(RECIPE, "ascii")), RECIPE
    yield "bare_comment.jpg", with_comment(saved(blocks(), **jpeg), UNICODE_RECIPE.encode()), UNICODE_RECIPE
    yield "little_endian.webp", saved(blocks(), exif=exif, **webp), UNICODE_RECIPE


def file_cases():
    folder = TESTDATA / "files"
    folder.mkdir(parents=True, exist_ok=True)
    for name, file, parameters in files():
        (folder / name).write_bytes(file)
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
        if image.mode == "I;16":
            image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
        case = {"file": name, "size": image.size, "parameters": parameters}
        image = image.convert("RGBA")
        on_white = Image.new("RGBA", image.size, "white")
        on_white.alpha_composite(image)
        # The middle of each block, where a lossy file is exact.
        middle = (slice(4, None, 8), slice(4, None, 8))
        case["rgb"] = np.asarray(on_white)[middle][..., :3].ravel().tolist()
        case["alpha"] = np.asarray(image)[middle][..., 3].ravel().tolist()
        yield case


# --- resizing -----------------------------------------------------------------------------------------------------


def placed(size, target, covers):
    """The size that keeps the shape and covers the target or fits in it, by the rules of the web UI."""
    (width, height), (target_width, target_height) = size, target
    is_wider = width * target_height > target_width * height
    if is_wider == covers:
        return max(width * target_height // height, 1), target_height
    return target_width, max(height * target_width // width, 1)


def resized(image, target, mode):
    lanczos = Image.Resampling.LANCZOS
    if mode == "stretch":
        return image.resize(target, lanczos)
    inner = image.resize(placed(image.size, target, mode == "crop"), lanczos)
    left, top = (target[side] // 2 - inner.size[side] // 2 for side in range(2))
    if mode == "crop":
        return inner.crop((-left, -top, target[0] - left, target[1] - top))
    right, bottom = target[0] - left - inner.width, target[1] - top - inner.height
    around = [(top, bottom), (left, right)] + [(0, 0)] * (len(inner.getbands()) > 1)
    return Image.fromarray(np.pad(np.asarray(inner), around, mode="edge"))


def resize_cases():
    folder = TESTDATA / "resize"
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, (23, 37, 3), dtype=np.uint8)
    # Hard edges overshoot, which has to be clipped.
    noise[:, 12:20] = 255
    noise[8:14] = 0
    source = Image.fromarray(noise)
    source.save(folder / "source.png")
    targets = [(37, 23), (64, 64), (8, 8), (80, 16), (16, 80), (36, 24), (1, 1), (5, 40)]
    for mode in ["stretch", "crop", "fill"]:
        for target in targets:
            for bands in ["RGB", "L"]:
                name = f"{mode}_{target[0]}x{target[1]}_{bands.lower()}.png"
                expected = resized(source if bands == "RGB" else source.getchannel(0), target, mode)
                expected.save(folder / name, optimize=True)
                yield {"file": name, "mode": mode, "size": target, "is_mask": bands == "L"}


# --- latents ------------------------------------------------------------------------------------------------------


def latent_cases():
    source = torch.randn(1, 2, 5, 7, generator=torch.Generator().manual_seed(0))
    numbers = lambda tensor: [float(str(value)) for value in tensor.numpy().ravel()]
    yield {"mode": "source", "size": [5, 7], "values": numbers(source)}
    for mode in ["bilinear", "bicubic", "nearest", "nearest-exact"]:
        for size in [(10, 14), (8, 11), (5, 7), (3, 4), (1, 1), (13, 2)]:
            options = {"align_corners": False} if mode.startswith("bi") else {}
            result = torch.nn.functional.interpolate(source, size=size, mode=mode, **options)
            yield {"mode": mode, "size": size, "values": numbers(result)}


if __name__ == "__main__":
    TESTDATA.mkdir(parents=True, exist_ok=True)
    write("files.json", file_cases())
    write("resize.json", resize_cases())
    write("latents.json", latent_cases())
