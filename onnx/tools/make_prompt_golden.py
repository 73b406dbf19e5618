"""Writes the golden data in `inference/testdata/prompt/` that the Rust library is tested against.

The references are transformers' `CLIPTokenizer` (the class that diffusers' Stable Diffusion pipelines load) and
`CLIPTokenizerFast` (for folders with a `tokenizer.json` alone), and for the prompt language a plain Python form of what
A1111's `modules/prompt_parser.py`, `modules/sd_hijack_clip.py` and `modules/sd_emphasis.py` do.

CLIP's merges come from its own repository, MIT-licensed: pass the file `clip/bpe_simple_vocab_16e6.txt.gz` of
https://github.com/openai/CLIP to write `clip_merges.txt.gz` again; without it the committed one is read.

    pip install -r onnx/tools/requirements.txt
    python3 onnx/tools/make_prompt_golden.py [bpe_simple_vocab_16e6.txt.gz]
"""

import gzip
import itertools
import json
import random
import re
import struct
import sys
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import regex
import torch

# CLIPTokenizer repairs texts with ftfy where that happens to be installed. It is no dependency of diffusers.
sys.modules["ftfy"] = None

from transformers import CLIPTokenizer, CLIPTokenizerFast  # noqa: E402
from transformers.models.clip.tokenization_clip import bytes_to_unicode  # noqa: E402

PROMPT = Path(__file__).resolve().parents[2] / "inference" / "testdata" / "prompt"


def compact(part):
    return json.dumps(part, ensure_ascii=False, separators=(",", ":"))


def write(name, value):
    """Writes an object of lists as JSON, with one line for each element, so that changes can be read."""
    lines = [f"{compact(key)}:[\n" + ",\n".join(map(compact, part)) + "\n]" for key, part in value.items()]
    (PROMPT / name).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def write_compressed(name, content):
    (PROMPT / name).write_bytes(gzip.compress(content, 9, mtime=0))


# --- texts --------------------------------------------------------------------------------------------------------

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


def letters(*ranges):
    """The characters of the ranges that this Python's Unicode knows; later versions agree about those."""
    characters = (chr(code) for first, last in ranges for code in range(first, last + 1))
    return [character for character in characters if unicodedata.category(character) not in ("Cn", "Cs")]


ASCII = letters((0x20, 0x7E))
WILD = [
    letters((0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF)),
    [" ", "\t", "\n", "\r", "\v", "\f", "\x1c", "\x1f", "\x85", "\u00a0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202f"]
    + ["\u205f", "\u3000", "\u180e", "\u200b"],
    letters((0x1F300, 0x1F6FF), (0x1F900, 0x1F9FF), (0x2600, 0x27BF), (0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF))
    + ["\u200d", "\ufe0f", "\u20e3"] * 30,
    letters((0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF61, 0xFF9F), (0x3001, 0x303F)),
    letters((0x4E00, 0x9FFF)),
    letters((0x3400, 0x4DBF), (0x20000, 0x20200), (0x2A700, 0x2A800), (0x2F800, 0x2FA1D), (0xF900, 0xFAD9), (0x2E80, 0x2FD5)),
    letters((0xAC00, 0xD7A3)),
    letters((0x1100, 0x11FF), (0x3131, 0x318E)),
    letters((0x300, 0x36F), (0x483, 0x489), (0x591, 0x5BD), (0x610, 0x61A), (0x3099, 0x309A), (0x1DC0, 0x1DFF)) + ASCII,
    letters((0x5D0, 0x5EA), (0x620, 0x6FF), (0x750, 0x77F), (0x200E, 0x200F), (0x202A, 0x202E)),
    letters((0x370, 0x3FF), (0x1F00, 0x1FFF)) + ["Σ", "ς", "σ", "Ό"] * 20,
    letters((0x400, 0x52F), (0x10A0, 0x10FF), (0x13A0, 0x13FF), (0x1C80, 0x1CBF)),
    letters((0x900, 0x97F), (0xE01, 0xE5B), (0xF00, 0xFDA), (0x1780, 0x17F9)),
    letters((0xC0, 0x24F), (0x1E00, 0x1EFF)) + ["İ", "ı", "ß", "ẞ", "ſ", "ŉ", "ǰ", "Ǆ", "ǅ", "K", "Å", "Ω"] * 8,
    letters((0xFB00, 0xFB06), (0xFB13, 0xFB17), (0x1F80, 0x1FAF), (0x1D400, 0x1D7FF), (0x2100, 0x218B), (0x2460, 0x24FF)),
    letters((0xFF01, 0xFF5E), (0xFFE0, 0xFFE6), (0x660, 0x669), (0xBC, 0xBE), (0x2070, 0x209C)),
    letters((0x2010, 0x2027), (0x2030, 0x205E), (0x20A0, 0x20BF), (0x2190, 0x23FF), (0x2500, 0x25FF)),
    letters((0xE000, 0xE040), (0xF0000, 0xF0010), (0xFFF9, 0xFFFD)) + ["\ufffe", "\uffff", "\ufdd0", "\U0010ffff", "\U000e0041"],
]
SNIPPETS = (
    "it's they're I'm we'd you'll can't he've 'S 'RE 'ſ 'LL ''s ’s &amp; &lt;b&gt; &#39; &nbsp; <b> </w> a</w> (a:1.2) [b] BREAK "
    "<lora:x:1> <|startoftext|> <|endoftext|> <|EndOfText|> <|ſtartoftext|> <|endoftext <|endoftext|><|endoftext|> "
    "1girl 0.5 3rd masterpiece, best_quality http://a.b/?c=d :) xD ... !!! ??? --- ___ “x” «y» "
    "後藤ひとり ぼっち・ざ・ろっく！ 初音ミク İSTANBUL STRAẞE ΑΣ ὈΔΥΣΣΕΎΣ Ǆ ﬁ ﬅ K Å e\u0301 a\u0308\u0323 \u1100\u1161\u11a8 "
    "👩\u200d🎤 ❤\ufe0f 🇯🇵 👍🏽 1\ufe0f\u20e3 â€™ Ã© \x1b[31m \ufeff \u00ad"
).split(" ")
WORDS = "a the of girl with long pink hair portrait castle stormy sky cat photo highly detailed guitar Blue EYES".split()


def wild_text(rng):
    """A text of the kinds that tokenizers disagree about; some one long run."""
    if rng.random() < 0.02:
        return rng.choice(rng.choice([ASCII, *WILD])) * rng.randint(30, 200)
    pieces = []
    for _ in range(rng.randint(1, 5)):
        kind = rng.random()
        if kind < 0.3:
            pieces.append(rng.choice(SNIPPETS))
        elif kind < 0.45:
            pieces.append(rng.choice(WORDS))
        else:
            alphabet = rng.choice([ASCII, *WILD, *WILD])
            pieces.append("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 4))))
    return rng.choice(["", "", " "]).join(pieces)


# --- vocabularies -------------------------------------------------------------------------------------------------


def split_words(text):
    """The words of a text in CLIP's byte letters, each a tuple whose last letter ends in `</w>`."""
    pattern = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    letter = bytes_to_unicode()
    words = ["".join(letter[byte] for byte in word.encode()) for word in regex.findall(pattern, text.lower())]
    return [(*word[:-1], word[-1] + "</w>") for word in words]


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


def vocabulary(merges):
    """CLIP's layout: bytes, bytes that end a word, merges, special tokens."""
    letters = list(bytes_to_unicode().values())
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(merge) for merge in merges]
    tokens = list(dict.fromkeys(tokens)) + ["<|startoftext|>", "<|endoftext|>"]
    return {token: index for index, token in enumerate(tokens)}


def save_vocabulary(folder, merges):
    (folder / "vocab.json").write_text(compact(vocabulary(merges)), encoding="utf-8")
    lines = "".join(f"{first} {second}\n" for first, second in merges)
    (folder / "merges.txt").write_text("#version: 0.2\n" + lines, encoding="utf-8")


def clip_merges(published):
    """CLIP's merges. Its published file has more lines than CLIP was trained with."""
    name = "clip_merges.txt.gz"
    if published:
        lines = gzip.decompress(Path(published).read_bytes()).decode().split("\n")[: 49152 - 256 - 2 + 1]
        write_compressed(name, "\n".join(lines).encode())
    lines = gzip.decompress((PROMPT / name).read_bytes()).decode().split("\n")
    return [tuple(line.split()) for line in lines[1:]]


# --- token ids ----------------------------------------------------------------------------------------------------

CLIP_CONFIG = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
# Stable Diffusion 2 pads with "!", which only the older of the two files says.
SD2_CONFIG = {**CLIP_CONFIG, "pad_token": "<|endoftext|>"}
SD2_MAP = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "!"}
RAW_TOKEN = {"lstrip": True, "rstrip": False, "normalized": False, "single_word": False}
FLAGS_CONFIG = {
    "model_max_length": 1000000000000000019884624838656,
    "eos_token": {"__type": "AddedToken", "content": "<|endoftext|>", **RAW_TOKEN},
}


def text_case(tokenizer, text):
    whole = tokenizer(text).input_ids
    ids = tokenizer(text, truncation=True, max_length=77).input_ids
    return {"text": text, "ids": ids, "truncated": len(whole) > len(ids)}


def prompt_group(folder, config, special_tokens_map, texts):
    """How transformers reads the files, and the ids up to the end token that it makes of each text."""
    for name, content in [("tokenizer_config.json", config), ("special_tokens_map.json", special_tokens_map)]:
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    group = {"tokenizer_config": config, "special_tokens_map": special_tokens_map, "pad_id": tokenizer.pad_token_id}
    return group, [text_case(tokenizer, text) for text in texts]


def make_cases(scratch):
    """Texts in a small vocabulary, for every kind of configuration and both kinds of files."""
    save_vocabulary(PROMPT, learn_merges(split_words(SENTENCES)))
    for name in ("vocab.json", "merges.txt"):
        (scratch / name).write_bytes((PROMPT / name).read_bytes())
    rng = random.Random(7)
    texts = TEXTS + [random_text(rng) for _ in range(260)]
    groups = [
        prompt_group(scratch, CLIP_CONFIG, None, texts),
        prompt_group(scratch, SD2_CONFIG, SD2_MAP, TEXTS[:35]),
        prompt_group(scratch, FLAGS_CONFIG, None, TEXTS[:35]),
    ]
    cases = [{"group": index, **case} for index, (_, cases) in enumerate(groups) for case in cases]
    write("cases.json", {"groups": [group for group, _ in groups], "cases": cases})
    fast = CLIPTokenizerFast.from_pretrained(scratch)
    (PROMPT / "tokenizer.json").write_text(compact(json.loads(fast.backend_tokenizer.to_str())), encoding="utf-8")
    write("fast_cases.json", {"cases": [text_case(fast, text) for text in texts[:120]]})


def make_random_texts(tokenizer):
    """20,000 texts, and for each the number of its ids and the ids, without those of begin and end."""
    rng = random.Random(20000)
    texts = {}
    while len(texts) < 20000:
        texts[wild_text(rng)] = None
    texts = list(texts)
    ids = [tokenizer(text, add_special_tokens=False).input_ids for text in texts]
    write_compressed("random_texts.json.gz", compact(texts).encode())
    write_compressed("random_ids.gz", b"".join(struct.pack(f"<{len(row) + 1}H", len(row), *row) for row in ids))


# --- A1111's prompt language --------------------------------------------------------------------------------------

CHUNK_LENGTH = 75
COMMA_BACKTRACK = 20
EMBEDDINGS = {"badhand": 3, "EasyNegative": 8, "style a": 1, "<cat-toy>": 2, "long": 75}


def attention(text):
    """The spans of a prompt with their weights, a weight of -1 marking the span "BREAK".

    Brackets weigh everything since they were opened, so the spans are a list that closing brackets reach back into.
    """
    spans, opened = [], {"(": [], "[": []}

    def weigh(start, weight):
        for span in spans[start:]:
            span[1] *= weight

    symbol = re.compile(r"\\(?P<escaped>[()\[\]\\]?)|:\s*(?P<weight>[+-]?[.0-9]+)\s*\)|(?P<one>[()\[\]:])|(?P<text>[^\\()\[\]:]+)")
    position = 0
    while position < len(text):
        found = symbol.match(text, position)
        position = found.end()
        escaped, weight, one = found["escaped"], found["weight"], found["one"]
        if escaped is not None:
            spans.append([escaped, 1.0])
        elif one in ("(", "["):
            opened[one].append(len(spans))
        elif weight is not None and weight.count(".") < 2 and weight.strip("+-.") and opened["("]:
            weigh(opened["("].pop(), float(weight))
        elif one == ")" and opened["("]:
            weigh(opened["("].pop(), 1.1)
        elif one == "]" and opened["["]:
            weigh(opened["["].pop(), 1 / 1.1)
        else:
            literal = found[0]
            if weight is not None and opened["("]:
                # Something like ":1.2.3)" is no number, on which A1111 gives up. Here it is text and a bracket.
                literal, position = ":", found.start() + 1
            for index, part in enumerate(re.split(r"\s*\bBREAK\b\s*", literal)):
                spans.extend([["BREAK", -1]] * (index > 0))
                spans.append([part, 1.0])
    for bracket, weight in [("(", 1.1), ("[", 1 / 1.1)]:
        for start in opened[bracket]:
            weigh(start, weight)
    merged = []
    for part, weight in spans or [["", 1.0]]:
        if merged and merged[-1][1] == weight:
            merged[-1][0] += part
        else:
            merged.append([part, weight])
    return merged


class Chunks:
    """Collects tokens in chunks as long as the text encoder reads."""

    def __init__(self, tokenizer, pad_id):
        self.tokenizer, self.pad_id = tokenizer, pad_id
        self.comma = tokenizer.convert_tokens_to_ids(",</w>")
        self.chunks, self.tokens, self.comma_at = [], [], None
        first_ids, self.embeddings = len(tokenizer), []
        for name, vectors in EMBEDDINGS.items():
            trigger = tokenizer(name, add_special_tokens=False).input_ids
            self.embeddings.append((trigger, list(range(first_ids, first_ids + vectors))))
            first_ids += vectors
        self.embeddings.sort(key=lambda embedding: -len(embedding[0]))

    def finish_chunk(self):
        begin, end = self.tokenizer.bos_token_id, self.tokenizer.eos_token_id
        tokens = self.tokens + [(end, 1.0)] * (CHUNK_LENGTH - len(self.tokens))
        tokens = [(begin, 1.0), *tokens, (end, 1.0)]
        ids, weights = [token for token, _ in tokens], [weight for _, weight in tokens]
        if self.pad_id != end:
            after = ids.index(end) + 1
            ids[after:] = [self.pad_id] * (len(ids) - after)
        self.chunks.append({"ids": ids, "weights": weights})
        self.tokens, self.comma_at = [], None

    def embedding_at(self, ids):
        return next((found for found in self.embeddings if ids[: len(found[0])] == found[0]), None)

    def add_span(self, ids, weight):
        while ids:
            full = len(self.tokens) == CHUNK_LENGTH
            if ids[0] == self.comma:
                self.comma_at = len(self.tokens)
            elif full and self.comma_at is not None and CHUNK_LENGTH - self.comma_at <= COMMA_BACKTRACK:
                moved = self.tokens[self.comma_at + 1 :]
                self.tokens = self.tokens[: self.comma_at + 1]
                self.finish_chunk()
                self.tokens = moved
            if len(self.tokens) == CHUNK_LENGTH:
                self.finish_chunk()
            trigger, vectors = self.embedding_at(ids) or (ids[:1], ids[:1])
            if len(self.tokens) + len(vectors) > CHUNK_LENGTH:
                self.finish_chunk()
            self.tokens += [(vector, weight) for vector in vectors]
            ids = ids[len(trigger) :]

    def of_prompt(self, text):
        for part, weight in attention(text):
            if part == "BREAK" and weight == -1:
                self.finish_chunk()
            else:
                self.add_span(self.tokenizer(part, add_special_tokens=False).input_ids, weight)
        if self.tokens or not self.chunks:
            self.finish_chunk()
        return self.chunks


PROMPTS = [
    "", " ", "normal text", "an (important) word", "(unbalanced", "unbalanced)", "[unbalanced", "unbalanced]", r"\(literal\]",
    "(unnecessary)(parens)", "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).", "(a:1.3)", "((a))", "[a]", "[[a]]", "(a", "((a)",
    "(a))", "[(a])", "([a)]", "(a:1.2", "a:1.2)", "(a:)", "(:1.2)", "()", "[]", "(())", "(()a)", "(a:1.1.2)", "(a:1.1.2) b", "(a:.)",
    "(a:+)", "(a:-1)", "(a:+1.5)", "(a:.5)", "(a:1.)", "(a: 1.2 )", "(a :1.2)", "(a:1.2 b)", "(a:1,2)", "(a:0)", "(a:1e9)", "(a:-0.5)",
    "(a:nan)", "(a:inf)", "(a:1000000000)", "(a:1.2)(b:1.2)", "(a:1.2), (b:1.2)", "(a:1.2:1.3)", "(a:b:1.2)", "a:b", "a: b :c", "[a:1.2]",
    "[a:b:0.5]", "[a|b]", "[a::5]", "a AND b", "a AND b :1.2", "<lora:x:1>", "<lora:x:0.5> (a:1.2)", r"\\", "\\", "a\\b", r"a\\b", r"\(a\)",
    r"(\(a\):1.3)", r"\[a\]", r"a \(b (c\) d)", r"\BREAK", "(a\\", "a BREAK b", "BREAK", "BREAK BREAK", "a BREAK", "BREAK a", "aBREAKb",
    "BREAKa", "a_BREAK", "a\nBREAK\nb", "a break b", "(a BREAK b)", "(a BREAK b:1.2)", "[a BREAK b]", "(a) BREAK (b)", "(BREAK)",
    "(BREAK:-1)", "(a:-1)BREAK(b:-1)", "a,BREAK,b", "後藤BREAKひとり", "後藤 BREAK ひとり", "a BREAK:b", ":BREAK:", "é\u0301BREAK", "BREAK\u0301",
    "(後藤ひとり:1.2)、[青い目]", "（全角：１．３）", "(girl:1.3), (pink hair:1.1), [[blurry]]", "masterpiece, (best quality:1.2), 1girl",
    "(masterpiece), best quality, (1girl:1.21), [bad hands]", "{a}", "<a>", "(a)(b)(c)", "(a)b(c)", "( a )", "(\n)", "(a, b, c:1.4), d",
    "badhand", "a badhand b", "(badhand:1.2)", "BADHAND", "easynegative, badhand", "(EasyNegative:1.3) girl", "style a", "style  a girl",
    "<cat-toy>", "a <cat-toy> on a table", "<cat-toy><cat-toy>", "long", "a long", "long long", "long, long", "a, long, b", "badhandx",
    "<|endoftext|>", "a <|endoftext|> b", "<|startoftext|>", "(<|endoftext|>:1.2) a", "a! b!", "cat " * 74, "cat " * 75, "cat " * 76,
    "cat " * 73 + "badhand", "cat " * 72 + "badhand", "cat " * 73 + "easynegative x", "cat " * 75 + "badhand",
    *("cat " * before + ", " + "dog " * after for before in (30, 53, 54, 55, 56, 73, 74, 75) for after in (5, 19, 20, 21, 22, 60)),
    *("cat " * before + ", " + "dog " * (75 - 1 - before) + tail for before in (50, 54, 60) for tail in ("", ",", "dog", ", dog", "(dog:1.2)")),
    "pink hair, " * 60, "(pink hair:1.1), " * 40, "a, " * 40 + "cat " * 80, "cat " * 60 + "(a, b:1.3) " * 10, ", " * 100, "a BREAK " * 5,
    "cat " * 75 + "BREAK dog", "cat " * 80 + "BREAK", "(" * 50 + "a" + ")" * 50, "[" * 50 + "a" + "]" * 50, "(" * 20 + "a" + ")" * 10,
    "(a" * 12 + ")" * 12, "(a:1.1" * 6, "((a:1.2) b:1.3)", "(a [b (c] d) e)", "[a (b:1.5) c]", "(a:1.5) [b:1.5]",
]
PIECES = ["(", ")", "[", "]", ":", "\\", ",", " ", "BREAK", " BREAK ", ":1.2)", ":0.5)", ": .75 )", ":1.1.1)", "\\(", "\\]", "\\\\"]
PIECES += ["a", "girl", "pink hair", "後藤", "badhand", "style a", "😀", "1.5", "-", "\n", "<lora:x:1>", "cat " * 12, "dog, " * 8]


def random_prompt(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 25)))


def make_language(tokenizer):
    rng = random.Random(1111)
    prompts = PROMPTS + [random_prompt(rng) for _ in range(400)]
    end = tokenizer.eos_token_id
    cases = []
    for text in prompts:
        # Stable Diffusion 2 pads with another token than the one that ends a text.
        pads = [Chunks(tokenizer, pad).of_prompt(text) for pad in (end, 0)]
        for chunk in pads[1]:
            del chunk["weights"]
        cases.append({"text": text, "attention": attention(text), "chunks": pads[0], "padded_with_0": pads[1]})
    write_compressed("a1111.json.gz", compact({"embeddings": EMBEDDINGS, "cases": cases}).encode())


def make_weights():
    """Hidden states of small texts times their weights, with the mean restored."""
    cases = []
    for index, weights in enumerate([[1.0, 1.1, 0.9, 1.0], [1.0, 2.0, -0.5, 0.0], [1.0, 1.3, 1.3, 1.3]]):
        states = torch.randn([4, 6], generator=torch.Generator().manual_seed(index))
        weighted = states * torch.tensor(weights)[:, None]
        weighted = weighted * (states.mean() / weighted.mean())
        rows = {"hidden_states": states, "weighted": weighted}
        numbers = {name: [float(str(value)) for value in np.asarray(row).ravel()] for name, row in rows.items()}
        cases.append({"weights": weights, **numbers})
    write("weights.json", {"cases": cases})


def main():
    merges = clip_merges(*sys.argv[1:2] or [None])
    with tempfile.TemporaryDirectory() as scratch:
        make_cases(Path(scratch))
    with tempfile.TemporaryDirectory() as scratch:
        save_vocabulary(Path(scratch), merges)
        tokenizer = CLIPTokenizer.from_pretrained(scratch)
        make_random_texts(tokenizer)
        make_language(tokenizer)
    make_weights()


if __name__ == "__main__":
    main()
