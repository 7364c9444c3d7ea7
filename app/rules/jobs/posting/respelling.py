"""Words written as they sound, in pinyin or with a sign, brought back to how they are meant; ages in figures."""

import re
from collections.abc import Callable
from functools import cache

# A sign that is read as a word. Squared and circled ideographs are opened by the compatibility forms of Unicode.
SIGNS = {
    "♀": "女", "♂": "男", "🚺": "女", "🚹": "男", "👩": "女", "👧": "女", "👵": "大妈", "💃": "", "👨": "男", "👦": "男", "👴": "大爷",
    "🙎": "女", "👰": "婚", "💍": "婚", "💒": "婚", "🤰": "孕", "🤱": "哺乳", "👶": "孩子", "🍼": "哺乳",
    "➕": "+", "↓": "以下", "⬇": "以下", "↑": "以上", "⬆": "以上", "❌": "不要", "✖": "不要", "❎": "不要", "🚫": "不要", "⛔": "不要", "🙅": "不要",
    "❤": "心", "♥": "心", "💗": "心", "💕": "心", "💖": "心", "💙": "心", "💚": "心", "🧡": "心", "💛": "心", "💜": "心",
    "💰": "元", "💵": "元", "💴": "元", "💸": "元", "¥": "元", "￥": "元", "🪪": "身份证", "🆔": "身份证", "💳": "银行卡",
    "📱": "手机", "📞": "电话", "☎": "电话", "🐧": "qq", "🔟": "10", "💯": "百分百",
}  # fmt: skip
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_UNIT = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_ONES = "[一二三四五六七八九]"


def _figures(match: re.Match[str]) -> str:
    """十六七岁 → 16-17岁, 四十五岁 → 45岁."""
    tens, ones, following = match["tens"] or "一", match["ones"] or "", match["more"] or ""
    low = f"{_UNIT[tens]}{_UNIT[ones] if ones else 0}"
    return low if not following else f"{low}-{_UNIT[tens]}{_UNIT[following]}"


def _digits(match: re.Match[str]) -> str:
    """一八至三五 → 18-35."""
    return "".join(str(_UNIT[char]) if char in _UNIT else "-" for char in match[0])


def _formal(match: re.Match[str]) -> str:
    return match[0].translate(_FORMAL)


_NUMERALS: tuple[tuple[str, str, str | Callable[[re.Match[str]], str]], ...] = (
    # Signs that must occur for the pattern to be tried, the pattern, what is meant.
    ("壹贰叁肆伍陆柒捌玖拾佰仟", "[零一二三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾佰仟]{2,}|(?<![大退队收])[壹贰叁肆伍陆柒捌玖拾](?=[元块岁张月天])", _formal),
    ("十", rf"(?<![一二三四五六七八九十百千0-9])(?P<tens>[二三四五六])?十(?P<ones>{_ONES})?(?P<more>{_ONES})?(?=周?岁|[-、][二三四五六]?十{_ONES}?周?岁|(?:以下|以内|封顶)(?=，|$|的|者))", _figures),
    ("十", rf"(?<=[超过于龄纪])(?P<tens>[二三四五六])十(?P<ones>{_ONES})?(?P<more>)(?=，|$|的|者|以|岁|不)", _figures),
    ("零一二三四五六七八九", "(?<![零一二三四五六七八九十百千万第周])[一二三四五][零一二三四五六七八九](?:[-至到])[二三四五六][零一二三四五六七八九](?![一二三四五六七八九十百千年月])", _digits),
    ("o", "(?<=[0-9])o(?![a-z0-9])", "0"),
)  # fmt: skip
_SOUNDS: tuple[tuple[str, str, str], ...] = (
    ("呀鸭丫亚雅哑讶芽压", "(?:呀|鸭|丫|雅|哑|讶|芽)(?=[金筋斤今巾津]|jin)", "押"),
    ("押", "(?<=押)(?:筋|斤|今|巾|津|襟|jin)(?![a-z])", "金"),
    ("a", "(?<![a-z])ya(?=金|jin)", "押"),
    ("n", "(?<![a-z])shen(?=份)", "身"),
    ("z", "(?<=身份)zheng", "证"),
    ("n", "(?<![a-z])(?:nv|nü|nu)(?=[生的工性士孩娃])", "女"),
    ("n", "(?<![a-z])nan(?=[生的工性士孩娃])", "男"),
    ("n", "(?<=[男女])(?:sheng)(?![a-z])", "生"),
    ("x", "(?<=[男女])xing(?![a-z])", "性"),
    ("菇姑", "菇凉|菇娘|姑凉|孤娘", "姑娘"),
    ("l", "(?<=年)l(?:ing|in)(?![a-z])", "龄"),
    ("s", "(?<=[0-9])sui(?![a-z])", "岁"),
    ("昏荤hw", "(?<=[已未])(?:昏|荤|hun)(?![a-z])", "婚"),
    ("玉域yu", "(?<=[已未婚])(?:yu)(?![a-z])|(?<=[已未])(?:玉|域)(?=，|$|优|的|者|[^，]{0,2}优)", "育"),
    ("huai", "(?<![a-z])huai(?=孕|yun)", "怀"),
    ("yun", "(?<=怀)yun(?![a-z])|(?<![a-z])yun(?=妇)", "孕"),
    ("己已巳y", "[己已巳](?=肝(?!脏))|(?<![a-z])yi(?=肝|gan)", "乙"),
    ("乙", "(?<=乙)(?:gan|肛|旰|杆|竿|甘|干)(?![a-z燥净洗])", "肝"),
    ("阳羊洋扬样y", "(?<=[大小])(?:三|3|叁|san|山)(?:阳|羊|洋|扬|样|yang)(?![a-z])", "三阳"),
    ("耶爷椰", "(?:耶|爷|椰)(?:苏|酥|稣|su)(?:su)?", "耶稣"),
    ("h", "(?<![a-z])hu(?=口|籍)", "户"),
    ("k", "(?<=户)kou(?![a-z])", "口"),
    ("z", "(?<=[汉回藏苗彝壮满维蒙])zu(?![a-z])", "族"),
    ("h", "(?<![a-z])han(?=族)", "汉"),
    ("gx糕膏稿", "(?<![a-z])(?:gao|糕|膏|稿)(?=薪)", "高"),
    ("葳薇威崴徽徵溦维v", "(?:葳|薇|崴|徽|徵|溦|威|(?<![a-z])wei)(?=信|芯|心(?!相|化|结)|❤)", "微"),
    ("仨俩", "仨", "三个"),
    ("猪", "沾猪肉", "吃猪肉"),
)  # fmt: skip
Rule = tuple[frozenset[str], re.Pattern[str], str | Callable[[re.Match[str]], str]]


@cache
def _rules() -> tuple[Rule, ...]:
    return tuple((frozenset(needed), re.compile(pattern), meant) for needed, pattern, meant in (*_NUMERALS, *_SOUNDS))


def respell(text: str, origin: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """The text as it is meant, with the place of every character; a word made longer or shorter keeps its two ends."""
    for needed, pattern, meant in _rules():
        if needed.isdisjoint(text):
            continue
        parts: list[str] = []
        places: list[int] = []
        done = 0
        for match in pattern.finditer(text):
            new = meant if isinstance(meant, str) else meant(match)
            start, end = match.span()
            parts += (text[done:start], new)
            places += (*origin[done:start], *_spread(origin[start:end], len(new)))
            done = end
        if done:
            text, origin = "".join((*parts, text[done:])), (*places, *origin[done:])
    return text, origin


def _spread(origin: tuple[int, ...], length: int) -> tuple[int, ...]:
    if length <= len(origin):
        return (*origin[: length - 1], origin[-1]) if length else ()
    return (*origin, *(origin[-1:] * (length - len(origin))))
