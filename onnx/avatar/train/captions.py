"""Random English and Japanese captions of an attribute set: tags, short sentences, any order, with omissions."""

import random

from attributes import ATTRIBUTES, CHARACTERS, NAMES

FILLERS = {
    "en": ["1girl", "solo", "anime", "anime style", "portrait", "masterpiece", "best quality", "cute", "illustration",
           "upper body", "looking at viewer", "highly detailed", "a girl", "beautiful", "kawaii"],
    "ja": ["女の子", "アニメ", "イラスト", "かわいい", "可愛い", "最高傑作", "高画質", "上半身", "美少女", "アイコン"],
}
# Words that carry no attribute. The encoder learns to ignore what it does not know instead of guessing.
NOISE = ["guitar", "ギター", "rock", "ロック", "cyberpunk", "8k", "trending", "привет", "안녕하세요", "你好", "école",
         "dragon", "river", "東京", "電車", "🎸", "✨", "(:3", "2024", "sword", "コーヒー", "music", "音楽", "cake",
         "robot", "カフェ", "photo", "oil painting", "水彩", "summer", "冬", "dance", "running", "走る", "friend"]
SYLLABLES = ["ka", "ri", "mo", "tu", "ne", "xi", "qua", "bor", "len", "sto", "pi", "zed", "wy", "ghal", "ou",
             "あ", "む", "ぬ", "カ", "ト", "ヨ", "ん", "道", "雨", "山", "火", "ö", "ß", "и", "к", "한", "글", "%", "7"]
ORDER_SHUFFLE_PROBABILITY = 0.6
COMPOUND_PROBABILITY = 0.45
ADJECTIVE_PROBABILITY = 0.1


def noise_word(rng: random.Random):
    """A word without meaning for the model: from a list, or syllables glued together."""
    if rng.random() < 0.4:
        return rng.choice(NOISE)
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(1, 4)))


def _phrase(rng, name, value, language, first_only=False):
    words = ATTRIBUTES[name][value][0 if language == "en" else 1]
    return words[0] if first_only else rng.choice(words)


def _clothes(rng, attributes, mentioned, language):
    """The clothes with their colour in one phrase, or whichever of the two is mentioned."""
    colour = _phrase(rng, "cloth_colour", attributes["cloth_colour"], language)
    garment = _phrase(rng, "clothes", attributes["clothes"], language)
    if "cloth_colour" in mentioned and "clothes" in mentioned:
        return f"{colour} {garment}" if language == "en" else colour + garment
    if "clothes" in mentioned:
        return garment
    return f"{colour} clothes" if language == "en" else colour + rng.choice(["服", "衣装"])


# How a colour stands before a hair style: "ピンクのツインテール", "金髪ロング".
HAIR_MODIFIERS_JA = {
    "pink": ["ピンクの", "ピンク髪", "ピンク髪の"], "blonde": ["金髪", "金髪の", "黄色い"], "blue": ["青い", "青髪", "青髪の"],
    "red": ["赤い", "赤髪", "赤髪の"], "black": ["黒い", "黒髪", "黒髪の"], "brown": ["茶色の", "茶髪", "茶髪の"],
    "silver": ["銀色の", "銀髪", "銀髪の", "白い"], "green": ["緑の", "緑髪", "緑色の"], "purple": ["紫の", "紫髪", "紫色の"],
    "orange": ["オレンジの", "オレンジ髪"], "teal": ["水色の", "水色髪"],
}


def _colour_word(rng, name, value):
    """The bare English colour: "pink" of "pink hair"."""
    return rng.choice(ATTRIBUTES[name][value][0]).split()[0]


def _hair(rng, attributes, language):
    """Colour and style in one phrase: "long pink hair", "pink twintails", "ピンクのツインテール"."""
    style = _phrase(rng, "style", attributes["style"], language)
    if language == "ja":
        return rng.choice(HAIR_MODIFIERS_JA[attributes["hair"]]) + style
    short = {"long": ["long"], "twintails": ["twin-tailed"], "bob": ["short bob", "bob cut"],
             "spiky": ["spiky", "short spiky"]}.get(attributes["style"])
    if short and rng.random() < 0.5:
        return f"{rng.choice(short)} {ATTRIBUTES['hair'][attributes['hair']][0][0]}"
    return f"{_colour_word(rng, 'hair', attributes['hair'])} {style}"


def _adjective(rng, name, value):
    """ "pink-haired girl", "blue-eyed"."""
    ending = {"hair": "haired", "eyes": "eyed"}[name]
    return f"{_colour_word(rng, name, value)}-{ending}{rng.choice(['', ' girl'])}"


def tags(rng: random.Random, attributes, mentioned, language, compounds=True):
    """The list of phrases for the mentioned attributes, in canonical order. `compounds` may join colour and style."""
    phrases, done = [], set()
    if compounds and {"hair", "style"} <= mentioned and rng.random() < COMPOUND_PROBABILITY:
        phrases.append(_hair(rng, attributes, language))
        done = {"hair", "style"}
    for name in NAMES:
        if name not in mentioned or name in done:
            continue
        if name in ("clothes", "cloth_colour"):
            phrases.append(_clothes(rng, attributes, mentioned, language))
            done |= {"clothes", "cloth_colour"}
        elif compounds and language == "en" and name in ("hair", "eyes") and rng.random() < ADJECTIVE_PROBABILITY:
            phrases.append(_adjective(rng, name, attributes[name]))
        else:
            phrases.append(_phrase(rng, name, attributes[name], language))
    return phrases


def _sentence_en(rng, subject, phrases):
    text = phrases[0] if len(phrases) == 1 else ", ".join(phrases[:-1]) + " and " + phrases[-1]
    return rng.choice([f"{subject} with {text}", f"a picture of {subject}, {text}", f"{subject}: {text}",
                       f"draw {subject} with {text}", f"portrait of {subject} with {text}"])


def _sentence_ja(rng, subject, phrases):
    text = rng.choice(["、", "で", "と", "の"]).join(phrases)
    return rng.choice([f"{text}の{subject}", f"{subject}、{text}", f"{text}の{subject}を描いて",
                       f"{text}で{subject}", f"{subject}は{text}"])


def _join(rng, parts, language):
    if language == "en":
        return rng.choice([", ", ", ", " ", ","]).join(parts)
    return rng.choice(["、", " ", "、", ", ", "，"]).join(parts)


def choose_mentioned(rng: random.Random, attributes, character):
    """Which attributes a caption names. A character already implies its own, which are then rarely repeated."""
    keep = rng.choice([0.3, 0.6, 0.85, 1.0, 1.0])
    mentioned = {name for name in NAMES if rng.random() < keep}
    if attributes["accessory"] == "none" and rng.random() < 0.6:
        mentioned.discard("accessory")
    if character:
        implied = set(CHARACTERS[character]["attributes"])
        mentioned = {name for name in mentioned if name not in implied or rng.random() < 0.15}
    return mentioned


def caption(rng: random.Random, attributes, character=None, language=None, mentioned=None, compounds=True):
    """A random caption and the set of attributes that can be inferred from it."""
    language = language or rng.choice(["en", "ja"])
    if mentioned is None:
        mentioned = choose_mentioned(rng, attributes, character)
    phrases = tags(rng, attributes, mentioned, language, compounds)
    if rng.random() < ORDER_SHUFFLE_PROBABILITY:
        rng.shuffle(phrases)
    subject = None
    if character:
        names = CHARACTERS[character]["en" if language == "en" else "ja"]
        subject = names[0] if rng.random() < 0.5 else rng.choice(names)
    if phrases and rng.random() < 0.3:
        noun = subject or (rng.choice(["a girl", "girl", "an anime girl", "1girl"]) if language == "en"
                           else rng.choice(["女の子", "少女", "子"]))
        text = _sentence_en(rng, noun, phrases) if language == "en" else _sentence_ja(rng, noun, phrases)
    else:
        parts = ([subject] if subject and rng.random() < 0.8 else []) + phrases
        if subject and subject not in parts:
            parts.append(subject)
        for _ in range(rng.choice([0, 0, 1, 2])):
            parts.insert(rng.randint(0, len(parts)), rng.choice(FILLERS[language]))
        text = _join(rng, parts, language)
    if rng.random() < 0.15:
        text = f"{text} {noise_word(rng)}" if rng.random() < 0.5 else f"{noise_word(rng)} {text}"
    if rng.random() < 0.1:
        text = text.upper() if rng.random() < 0.3 else text.capitalize()
    known = set(mentioned)
    if character:
        known |= set(CHARACTERS[character]["attributes"])
    return text, known


def evaluation_caption(rng: random.Random, attributes, language):
    """A caption that names every attribute once, as shuffled tags: what the read-back is compared with."""
    phrases = tags(rng, attributes, set(NAMES), language)
    rng.shuffle(phrases)
    return (", " if language == "en" else "、").join(phrases)
