"""Writes the golden vectors in `inference/testdata/` that the Rust library is tested against.

The references are diffusers (schedulers) and transformers (prompt). Run it again only to
cover more: the committed files are the contract, and a change of an old value means that a reference changed.

    pip install -r onnx/tools/requirements.txt
    python onnx/tools/make_golden.py
"""

import itertools
import json
import random
import tempfile
from collections import Counter
from pathlib import Path

import diffusers
import numpy as np
import tokenizers
import torch
from transformers import CLIPTokenizerFast
from transformers.models.clip.tokenization_clip import bytes_to_unicode

TESTDATA = Path(__file__).resolve().parents[2] / "inference" / "testdata"

SCHEDULERS = ["DDIMScheduler", "EulerDiscreteScheduler"]
SPACINGS = ["leading", "trailing", "linspace"]
PREDICTION_TYPES = ["epsilon", "v_prediction", "sample"]
BETA_SCHEDULES = ["linear", "scaled_linear", "squaredcos_cap_v2"]
STEP_COUNTS = [1, 2, 3, 4, 4, 7, 10, 10, 16, 20, 20, 28, 30, 50]


def write(path, value):
    """Writes an object of lists as JSON, with one line for each element, so that changes can be read."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def compact(part):
        return json.dumps(part, ensure_ascii=False, separators=(",", ":"))

    lines = [f"{compact(key)}:[\n" + ",\n".join(map(compact, part)) + "\n]" for key, part in value.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def f32(values):
    """Numbers in single precision with as few digits as tell them apart."""
    return [float(str(value)) for value in np.asarray(values, dtype=np.float32).ravel()]


# --- schedulers ---------------------------------------------------------------------------------------------------


def random_config(rng, class_name, spacing, prediction_type, beta_schedule):
    """A configuration in which keys with a default are left out now and then."""
    config = {
        "_class_name": class_name,
        "timestep_spacing": spacing,
        "prediction_type": prediction_type,
        "beta_schedule": beta_schedule,
        "beta_start": rng.choice([0.00085, 0.0001]),
        "beta_end": rng.choice([0.012, 0.02]),
        "num_train_timesteps": rng.choice([1000, 1000, 1000, 500]),
        "steps_offset": rng.choice([0, 1]),
        "rescale_betas_zero_snr": rng.choice([False, True]),
    }
    if class_name == "DDIMScheduler":
        config["set_alpha_to_one"] = rng.choice([False, True])
        config["clip_sample"] = rng.choice([False, False, True])
        config["clip_sample_range"] = rng.choice([0.5, 1.0, 2.0])
    else:
        config["final_sigmas_type"] = rng.choice(["zero", "sigma_min"])
    droppable = [key for key in config if key != "_class_name"]
    for key in rng.sample(droppable, rng.choice([0, 0, 1, 2, 4])):
        del config[key]
    return config


def run(scheduler, num_inference_steps, sample):
    """A denoising loop around the weight-free network `x * t / (t + 1)` of diffusers' own scheduler tests."""
    scheduler.set_timesteps(num_inference_steps)
    scheduler.is_scale_input_called = True
    sample = sample * scheduler.init_noise_sigma
    steps = []
    for timestep in scheduler.timesteps:
        model_input = scheduler.scale_model_input(sample, timestep)
        output = scheduler.step(model_input * timestep / (timestep + 1), timestep, sample)
        sample = output.prev_sample
        total = sample.double().abs().sum()
        probes = [sample.flatten()[0], sample.flatten()[7], output.pred_original_sample.flatten()[3]]
        steps.append(f32([total, *probes]))
    return sample, steps


def impossible(config, scheduler):
    """Predicting noise from a sample without any signal divides by zero; the library refuses it."""
    if config.get("prediction_type", "epsilon") != "epsilon" or not isinstance(scheduler, diffusers.DDIMScheduler):
        return False
    return scheduler.alphas_cumprod[scheduler.timesteps].min() == 0


def scheduler_cases(rng, sample):
    base = list(itertools.product(SCHEDULERS, SPACINGS, PREDICTION_TYPES, BETA_SCHEDULES))
    cases = []
    for class_name, spacing, prediction_type, beta_schedule in base * 5:
        config = random_config(rng, class_name, spacing, prediction_type, beta_schedule)
        num_inference_steps = rng.choice(STEP_COUNTS)
        scheduler = getattr(diffusers, class_name).from_config(config)
        case = {"config": config, "num_inference_steps": num_inference_steps}
        if rng.random() < 0.2:
            case["with_scheduler"] = rng.choice(SCHEDULERS)
            scheduler = getattr(diffusers, case["with_scheduler"]).from_config(scheduler.config)
        scheduler.set_timesteps(num_inference_steps)
        if impossible(config, scheduler):
            continue
        final, case["steps"] = run(scheduler, num_inference_steps, sample)
        case["timesteps"] = f32(scheduler.timesteps)
        case["init_noise_sigma"] = f32(scheduler.init_noise_sigma)[0]
        case["final"] = f32(final)
        assert torch.isfinite(final).all(), config
        cases.append(case)
    return cases


def timestep_checksums():
    """For every number of steps from 1 to 150 the sum of timesteps, each times its place in the loop.

    With trailing spacing a few numbers of steps (61, 103, 121, 122) give diffusers one timestep too many, which is
    -1: `numpy.arange` reaches its end by rounding. Those are cut.
    """
    rows = []
    for class_name, spacing, steps_offset in itertools.product(SCHEDULERS, SPACINGS, [0, 1]):
        config = {"_class_name": class_name, "timestep_spacing": spacing, "steps_offset": steps_offset}
        scheduler = getattr(diffusers, class_name).from_config(config)
        sums = []
        for num_inference_steps in range(1, 151):
            scheduler.set_timesteps(num_inference_steps)
            timesteps = scheduler.timesteps[:num_inference_steps].double()
            sums.append(float((timesteps * torch.arange(1, num_inference_steps + 1)).sum()))
        rows.append({"config": config, "sums": sums})
    return rows


def make_square_roots_exact():
    """Lets `x.sqrt()` and `x ** 0.5` round as IEEE 754 says.

    torch takes them from MKL, which may be off by one unit in the last place. `rescale_betas_zero_snr` magnifies that
    to a relative 1e-3 at the last timesteps. With exact roots the vectors are the same on every machine.
    """
    power = torch.Tensor.__pow__

    def sqrt(values):
        return torch.as_tensor(np.sqrt(values.numpy()))

    torch.Tensor.sqrt = sqrt
    torch.Tensor.__pow__ = lambda values, exponent: sqrt(values) if exponent == 0.5 else power(values, exponent)


def make_schedulers():
    make_square_roots_exact()
    generator = torch.Generator("cpu").manual_seed(7)
    sample = torch.randn([1, 4, 2, 2], generator=generator)
    cases = scheduler_cases(random.Random(7), sample)
    write(TESTDATA / "schedulers" / "loops.json", {"sample": f32(sample), "cases": cases})
    write(TESTDATA / "schedulers" / "timesteps.json", {"checksums": timestep_checksums()})


# --- prompt -------------------------------------------------------------------------------------------------------

SENTENCES = """
A portrait of a girl with long pink hair and blue eyes, wearing a pink tracksuit, playing the guitar on a stage.
1girl, solo, long hair, twintails, school uniform, smile, looking at viewer, cherry blossoms, masterpiece, best quality.
An oil painting of a castle on a hill under a stormy sky; it's raining and they're running, we've seen what she'd drawn.
I'm sure you'll love the photograph of the sleeping cat in the garden, isn't it beautiful? 4k, 8k, highly detailed.
lowres, bad anatomy, bad hands, extra digits, cropped, worst quality, jpeg artifacts, signature, watermark, blurry.
後藤ひとり、ピンクの髪、青い目、ジャージ、ギターを弾いている。
ピンク色の長い髪の女の子が桜の下で笑っている。ネコ耳と眼鏡。
""".strip()

TEXTS = """
a photo of a cat
it's what they've said; we'll see, I'm here and she'd know you're right
IT'S WHAT THEY'VE SAID
don't 'quote' ''double'' rock'n'roll '''s
1girl, pink hair, (masterpiece:1.2), [blurry], {best quality}, score_9_up
a  b   c    d
12345 3.14159 2nd 1st 100% $5 #hashtag @user user@example.com
https://example.com/a?b=c&d=e#f
snake_case camelCase kebab-case UPPER lower MiXeD
後藤ひとり
後藤 ひとり、ピンクの髪、ジャージ
初音ミク、青緑色のツインテール！
（全角）：Ａｂｃ１２３、「かぎ括弧」～
ｶﾀｶﾅ ﾊﾝｶｸ
がぎぐげご が
桜の下で、笑う女の子。
金髪 红发女孩 웃는 소녀 ñandú façade Ångström ÅNGSTRÖM
Привет, мир! ПРИВЕТ
Γειά σου Κόσμε ΣΊΣΥΦΟΣ
مرحبا بالعالم שלום עולם
สวัสดีชาวโลก नमस्ते दुनिया
İstanbul ISTANBUL ıstanbul straße STRASSE ẞ
ﬁne ﬂow Ⅷ ① ½ x² ™ ㍿
👩‍🎤🎸 👍🏽 🇯🇵 ❤️ 😀😀😀
<|startoftext|>
<|endoftext|>
a <|endoftext|> b<|startoftext|>c
<|EndOfText|> <|ENDOFTEXT |> <|endoftext
hi! hi!! !hi ! a!b
</w> cat</w> <unk> [PAD]
\\ / | ~ ` ^ * + = < > " ' ; : ? ! @ # $ % & ( ) [ ] { }
……――――〜〜・・・
""".strip().split("\n") + [
    "",
    " ",
    "\t\n\r",
    "  leading and trailing  ",
    "line one\nline two\r\nline three\ttab",
    "no\u00a0break\u2003em\u3000ideographic\u0085next\u200bzero\u2060word\ufeffbom",
    "nul\x00byte bell\x07 escape\x1b[31m delete\x7f c1\x9f",
    "e\u0301 \u00e9 a\u0308\u0323 \u1100\u1161\u11a8 \u212b",
    "\u202eright to left\u202c soft\u00adhyphen",
    "private \ue000 \U000f0000 unassigned-looking \ufffd",
    "\U0001d400\U0001d4d0 \U00020000 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a" * 300,
    "!" * 200,
    "後" * 100,
    "😀" * 60,
    "cat " * 74,
    "cat " * 75,
    "cat " * 76,
    "pink hair, " * 400,
    " ".join(str(number) for number in range(200)),
]

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789",
    ".,;:!?'\"()[]{}<>|/\\-_+=*&^%$#@~`",
    "    \t\n\u3000\u00a0",
    "あいうえおかきくけこがぎぐげごぱぴぷぺぽっゃゅょアイウエオー、。「」",
    "後藤髪青目桃色桜空猫耳眼鏡少女笑顔夜星",
    "éèêëñçüößøåÅÄÖÜÉÑßığşİ",
    "абвгдеёАБВГДΣσςΩωάέ",
    "😀🎸❤️👩\u200d🎤🏽\u0301\u0308\u3099",
    "한국어가각힣ㄱㅏ",
    "\x00\x01\x07\x1b\x7f\x80\x9f\ufeff\u200b\u00ad",
]


def random_text(rng):
    """Words of letters from one to three alphabets, with common words in between."""
    words = "a the girl girl's with long pink hair it's they're 1girl smile <|endoftext|>".split()
    alphabets = rng.sample(ALPHABETS, rng.randint(1, 3))
    parts = []
    for _ in range(rng.randint(1, 12)):
        if rng.random() < 0.3:
            parts.append(rng.choice(words))
        else:
            parts.append("".join(rng.choice(rng.choice(alphabets)) for _ in range(rng.randint(1, 8))))
    return rng.choice(["", " ", ", "]).join(parts)


def split_words(text):
    """The words of a text in CLIP's byte letters, each a tuple whose last letter ends in `</w>`."""
    pattern = tokenizers.Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.Split(pattern, "removed", invert=True),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return [(*word[:-1], word[-1] + "</w>") for word, _ in pre_tokenizer.pre_tokenize_str(text.lower())]


def merge_pair(word, pair):
    pieces = []
    for piece in word:
        if pieces and (pieces[-1], piece) == pair:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return tuple(pieces)


def count_pairs(words):
    pairs = Counter()
    for word, count in words.items():
        for pair in itertools.pairwise(word):
            pairs[pair] += count
    return pairs


def learn_merges(words):
    """Byte-pair encoding: the most frequent pair first, ties by alphabet, until every word is one piece."""
    words = Counter(words)
    merges = []
    while pairs := count_pairs(words):
        merges.append(max(pairs, key=lambda pair: (pairs[pair], pair)))
        words = Counter({merge_pair(word, merges[-1]): count for word, count in words.items()})
    return merges


def train_clip_bpe():
    """A small vocabulary in CLIP's layout: bytes, bytes that end a word, merges, special tokens."""
    merges = learn_merges(split_words(SENTENCES))
    letters = list(bytes_to_unicode().values())
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(merge) for merge in merges]
    tokens = list(dict.fromkeys(tokens)) + ["<|startoftext|>", "<|endoftext|>"]
    return {token: index for index, token in enumerate(tokens)}, merges


CLIP_CONFIG = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
# Stable Diffusion 2 pads with "!", which only the older of the two files says.
SD2_CONFIG = {**CLIP_CONFIG, "pad_token": "<|endoftext|>"}
SD2_MAP = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "!"}
RAW_TOKEN = {"lstrip": True, "rstrip": False, "normalized": False, "single_word": False}
FLAGS_CONFIG = {
    "model_max_length": 1000000000000000019884624838656,
    "eos_token": {"__type": "AddedToken", "content": "<|endoftext|>", **RAW_TOKEN},
}


def prompt_group(folder, config, special_tokens_map, texts):
    """How transformers reads the files, and the ids up to the end token that it makes of each text."""
    for name, content in [("tokenizer_config.json", config), ("special_tokens_map.json", special_tokens_map)]:
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
    tokenizer = CLIPTokenizerFast.from_pretrained(folder)
    group = {"tokenizer_config": config, "special_tokens_map": special_tokens_map, "pad_id": tokenizer.pad_token_id}
    cases = []
    for text in texts:
        whole = tokenizer(text).input_ids
        ids = tokenizer(text, truncation=True, max_length=77).input_ids
        cases.append({"text": text, "ids": ids, "truncated": len(whole) > len(ids)})
    return group, cases


def make_prompt():
    vocab, merges = train_clip_bpe()
    folder = TESTDATA / "prompt"
    folder.mkdir(parents=True, exist_ok=True)
    vocab_text = json.dumps(vocab, ensure_ascii=False, separators=(",", ":"))
    merges_text = "#version: 0.2\n" + "".join(f"{first} {second}\n" for first, second in merges)
    (folder / "vocab.json").write_text(vocab_text, encoding="utf-8")
    (folder / "merges.txt").write_text(merges_text, encoding="utf-8")
    rng = random.Random(7)
    texts = TEXTS + [random_text(rng) for _ in range(260)]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        (scratch / "vocab.json").write_text(vocab_text, encoding="utf-8")
        (scratch / "merges.txt").write_text(merges_text, encoding="utf-8")
        groups = [
            prompt_group(scratch, CLIP_CONFIG, None, texts),
            prompt_group(scratch, SD2_CONFIG, SD2_MAP, TEXTS[:35]),
            prompt_group(scratch, FLAGS_CONFIG, None, TEXTS[:35]),
        ]
    cases = [{"group": index, **case} for index, (_, cases) in enumerate(groups) for case in cases]
    write(folder / "cases.json", {"groups": [group for group, _ in groups], "cases": cases})


if __name__ == "__main__":
    make_schedulers()
    make_noise()
    make_prompt()
