"""The attributes of a portrait, their values, the named characters and the held-out rule.

Everything else (renderer, captions, text encoder heads, reader) is driven by the tables here, so a value is added in
one place. The first word of each language is the one that captions and the evaluation prefer.
"""

import hashlib
import random

# value -> (English words, Japanese words).
ATTRIBUTES = {
    "hair": {
        "pink": (["pink hair"], ["ピンク髪", "ピンクの髪", "桃色の髪"]),
        "blonde": (["blonde hair", "yellow hair", "golden hair"], ["金髪", "黄色い髪", "ブロンド"]),
        "blue": (["blue hair"], ["青髪", "青い髪"]),
        "red": (["red hair"], ["赤髪", "赤い髪"]),
        "black": (["black hair"], ["黒髪", "黒い髪"]),
        "brown": (["brown hair"], ["茶髪", "茶色の髪", "茶色い髪"]),
        "silver": (["silver hair", "white hair", "gray hair", "grey hair"], ["銀髪", "白髪", "白い髪"]),
        "green": (["green hair"], ["緑髪", "緑の髪", "緑色の髪"]),
        "purple": (["purple hair"], ["紫髪", "紫の髪", "紫色の髪"]),
        "orange": (["orange hair"], ["オレンジ髪", "オレンジの髪", "オレンジ色の髪"]),
        "teal": (["teal hair", "aqua hair", "turquoise hair"], ["水色の髪", "青緑の髪", "水色髪"]),
    },
    "style": {
        "long": (["long hair", "long straight hair"], ["ロングヘア", "長い髪", "ロング"]),
        "twintails": (["twintails", "twin tails", "pigtails"], ["ツインテール", "ツインテ"]),
        "bob": (["bob cut", "short bob", "bob hair"], ["ボブ", "ボブカット", "おかっぱ"]),
        "ponytail": (["ponytail", "side ponytail"], ["ポニーテール", "サイドテール", "ポニテ"]),
        "buns": (["double bun", "hair buns", "buns"], ["お団子ヘア", "お団子", "お団子頭"]),
        "spiky": (["spiky hair", "short spiky hair"], ["ツンツン髪", "ベリーショート", "ツンツンヘア"]),
    },
    "eyes": {
        "blue": (["blue eyes"], ["青い目", "青い瞳", "碧眼", "青目"]),
        "red": (["red eyes"], ["赤い目", "赤い瞳", "赤目"]),
        "green": (["green eyes"], ["緑の目", "緑の瞳", "緑色の目", "緑目"]),
        "purple": (["purple eyes"], ["紫の目", "紫の瞳", "紫色の目", "紫目"]),
        "gold": (["gold eyes", "yellow eyes", "golden eyes"], ["金色の目", "黄色い目", "金色の瞳", "金目"]),
    },
    "clothes": {
        "tracksuit": (["tracksuit", "track jacket", "jersey"], ["ジャージ"]),
        "sailor": (["sailor uniform", "school uniform", "sailor suit"], ["セーラー服", "制服"]),
        "kimono": (["kimono", "yukata"], ["着物", "浴衣", "和服"]),
        "hoodie": (["hoodie", "hooded sweatshirt"], ["パーカー", "フーディー"]),
        "tshirt": (["t-shirt", "tshirt", "tee shirt"], ["tシャツ", "ティーシャツ"]),
        "suit": (["suit", "blazer", "jacket and tie"], ["スーツ", "ブレザー"]),
    },
    "cloth_colour": {
        "pink": (["pink"], ["ピンクの", "桃色の"]),
        "red": (["red"], ["赤い", "赤の"]),
        "blue": (["blue"], ["青い", "青の"]),
        "green": (["green"], ["緑の", "緑色の"]),
        "yellow": (["yellow"], ["黄色い", "黄色の"]),
        "black": (["black"], ["黒い", "黒の"]),
        "white": (["white"], ["白い", "白の"]),
        "purple": (["purple"], ["紫の", "紫色の"]),
    },
    "accessory": {
        "none": (["no accessory", "no accessories"], ["アクセサリーなし", "飾りなし"]),
        "cubes": (["cube hair ornaments", "yellow and blue cube hair ornament", "cubes in hair"],
                  ["四角い髪飾り", "キューブの髪飾り", "黄色と青の髪飾り"]),
        "ribbon": (["ribbon", "hair ribbon", "red bow", "hair bow"], ["リボン", "赤いリボン", "髪にリボン"]),
        "glasses": (["glasses", "wearing glasses"], ["眼鏡", "メガネ", "めがね"]),
        "cat ears": (["cat ears", "nekomimi", "catgirl"], ["猫耳", "ネコミミ", "ねこみみ"]),
        "headphones": (["headphones", "headset"], ["ヘッドホン", "ヘッドフォン"]),
        "flower": (["flower in hair", "hair flower", "flower"], ["花飾り", "花の髪飾り", "髪に花"]),
        "witch hat": (["witch hat", "hat", "pointed hat"], ["魔女の帽子", "とんがり帽子", "帽子"]),
    },
    "expression": {
        "smile": (["smile", "smiling", "gentle smile"], ["微笑み", "ほほえみ", "微笑"]),
        "happy": (["happy", "laughing", "big smile", "closed eyes"], ["笑顔", "嬉しい", "大笑い", "笑って"]),
        "surprised": (["surprised", "shocked", "open mouth"], ["驚き", "びっくり", "驚いた顔"]),
        "crying": (["crying", "sad", "tears"], ["泣き顔", "泣いて", "悲しい", "涙"]),
        "angry": (["angry", "pouting", "mad"], ["怒り", "怒り顔", "怒って"]),
        "wink": (["wink", "winking", "one eye closed"], ["ウインク", "ウィンク"]),
    },
    "background": {
        "white": (["white background", "simple background", "plain background"], ["白背景", "白い背景", "シンプルな背景"]),
        "sky": (["blue sky", "sky background", "clouds"], ["青空", "空", "青空の背景"]),
        "night": (["night", "starry night", "starry sky", "stars"], ["夜", "星空", "夜空"]),
        "sunset": (["sunset", "evening", "dusk"], ["夕焼け", "夕日", "夕暮れ"]),
        "sakura": (["cherry blossoms", "sakura", "cherry blossom background"], ["桜", "桜の背景", "花吹雪"]),
        "meadow": (["green field", "meadow", "grass"], ["草原", "野原", "緑の野原"]),
        "stage": (["stage", "live stage", "concert stage", "spotlights"], ["ステージ", "ライブ", "ライブステージ"]),
    },
}

# What a character's name fixes; everything it leaves out stays free. Every list begins with the preferred names.
CHARACTERS = {
    "hitori": {
        "en": ["gotoh hitori", "hitori gotoh", "gotou hitori", "bocchi", "bocchi-chan"],
        "ja": ["後藤ひとり", "ぼっちちゃん", "ひとりちゃん", "後藤 ひとり"],
        "attributes": {"hair": "pink", "style": "long", "eyes": "blue", "clothes": "tracksuit",
                       "cloth_colour": "pink", "accessory": "cubes"},
    },
    "nijika": {
        "en": ["ijichi nijika", "nijika ijichi", "nijika"],
        "ja": ["伊地知虹夏", "虹夏ちゃん", "虹夏"],
        "attributes": {"hair": "blonde", "style": "ponytail", "eyes": "red", "clothes": "sailor",
                       "cloth_colour": "white", "accessory": "ribbon"},
    },
    "ryo": {
        "en": ["yamada ryo", "ryo yamada", "yamada ryou"],
        "ja": ["山田リョウ", "リョウ先輩", "山田りょう"],
        "attributes": {"hair": "blue", "style": "bob", "eyes": "gold", "clothes": "suit",
                       "cloth_colour": "black", "accessory": "none"},
    },
    "kita": {
        "en": ["kita ikuyo", "ikuyo kita", "kita-chan"],
        "ja": ["喜多郁代", "喜多ちゃん", "郁代ちゃん"],
        "attributes": {"hair": "red", "style": "long", "eyes": "green", "clothes": "hoodie",
                       "cloth_colour": "yellow", "accessory": "none"},
    },
    "miku": {
        "en": ["hatsune miku", "miku hatsune", "miku"],
        "ja": ["初音ミク", "ミクさん", "はつねみく"],
        "attributes": {"hair": "teal", "style": "twintails", "eyes": "blue", "clothes": "suit",
                       "cloth_colour": "black", "accessory": "headphones"},
    },
    "reimu": {
        "en": ["hakurei reimu", "reimu hakurei", "reimu"],
        "ja": ["博麗霊夢", "霊夢"],
        "attributes": {"hair": "black", "style": "long", "eyes": "red", "clothes": "kimono",
                       "cloth_colour": "red", "accessory": "ribbon"},
    },
    "marisa": {
        "en": ["kirisame marisa", "marisa kirisame", "marisa"],
        "ja": ["霧雨魔理沙", "魔理沙"],
        "attributes": {"hair": "blonde", "style": "long", "eyes": "gold", "clothes": "suit",
                       "cloth_colour": "black", "accessory": "witch hat"},
    },
    "usagi": {
        "en": ["tsukino usagi", "usagi tsukino", "sailor moon"],
        "ja": ["月野うさぎ", "セーラームーン"],
        "attributes": {"hair": "blonde", "style": "buns", "eyes": "blue", "clothes": "sailor",
                       "cloth_colour": "blue", "accessory": "none"},
    },
}

NAMES = list(ATTRIBUTES)
VALUES = {name: list(values) for name, values in ATTRIBUTES.items()}
# The combination that decides whether a picture belongs to the held-out part.
HOLDOUT_KEYS = ("hair", "style", "clothes", "cloth_colour")
HOLDOUT_PERCENT = 5
# "none" is what most people mean when they name no accessory, so it is drawn more often than its share.
NONE_PROBABILITY = 0.25
CHARACTER_PROBABILITY = 0.15


def is_held_out(attributes):
    """True for the combinations that training must never see. Those of the named characters are always allowed."""
    key = tuple(attributes[name] for name in HOLDOUT_KEYS)
    if key in _CHARACTER_KEYS:
        return False
    digest = hashlib.sha256("|".join(key).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < HOLDOUT_PERCENT


def random_attributes(rng: random.Random, held_out=False):
    """A full set of attributes from the training part, or from the held-out part."""
    while True:
        attributes = {name: rng.choice(values) for name, values in VALUES.items()}
        if rng.random() < NONE_PROBABILITY:
            attributes["accessory"] = "none"
        if is_held_out(attributes) == held_out:
            return attributes


def character_attributes(rng: random.Random, character):
    """A full set of attributes of a named character; what the name leaves open is random."""
    attributes = {name: rng.choice(values) for name, values in VALUES.items()}
    attributes.update(CHARACTERS[character]["attributes"])
    return attributes


def training_example(rng: random.Random):
    """One (attributes, character or None) pair of the training distribution."""
    if rng.random() < CHARACTER_PROBABILITY:
        # The project's own mascot gets a share of her own, as the prompt that everybody tries first.
        character = "hitori" if rng.random() < 0.3 else rng.choice(list(CHARACTERS))
        return character_attributes(rng, character), character
    return random_attributes(rng), None


_CHARACTER_KEYS = {
    tuple(entry["attributes"][name] for name in HOLDOUT_KEYS) for entry in CHARACTERS.values()
}
