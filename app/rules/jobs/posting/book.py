"""The rule book: dated rows compiled once, then asked for the rules, words and wages of a day."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import ahocorasick

from app.rules.jobs.posting.rows import InternLimit, MinimumWage, PostingRule, PostingTerm, in_force
from app.rules.jobs.posting.text import Reading, View, read, squeeze

# 石狮市 (GB/T 2260): the minimum wage of the town is the city's.
SHISHI = "350581"
# `<否>` in a pattern: 不收, 无需缴纳, 不向求职者收取服装费、…; only such fillers, so that 无经验押金300 still counts.
# No filler is made of two others: a text of a thousand 需要 must not cost the square of the square.
NEGATION = (
    "(?:不|无|免|零|没有|没|勿|别|禁止|严禁|拒绝|杜绝|从未|谨防|警惕)"
    "(?:任何|需|用|要|须|必|会|得|能|可|再|以|添|收|取|交|缴|纳|支|付|提供|要求|涉及|检测|检|查|做|问|看|限制|"
    "扣留|扣|抵押|压|押|向|求职者|应聘者|员工|工人|个人|劳动者|各类|各种|一切|其他|其它|额外|的|虚标|虚假|标榜|承诺|宣传|入职|"
    "费用|中介费|介绍费|服装费|工服费|工装费|体检费|培训费|保证金|服务费|押金|报名费|住宿费|身份证|证件|[、和及或与])*"
)
# A word may be taken apart with a comma (押，金), but it does not reach over the end of a sentence.
SENTENCE_ENDS = frozenset("。！？!?；;\n\r")
NUMBER = "[0-9零一二两三四五六七八九十半]+"
FEE = "(?:服装|工服|工装|体检|培训|中介|介绍|报名|入职|资料|建档|上岗|办证|岗位|制服|保密)费"
NATION = "(?:汉|回|藏|苗|彝|壮|满|侗|瑶|白|土家|哈尼|傣|黎|畲|维吾尔|维|哈萨克|蒙古|蒙|布依|朝鲜|羌|水|仡佬|纳西|拉祜|佤|景颇|布朗|畲)(?:族|zu)"
PLACE = "(?:河南|东北|新疆|西藏|四川|贵州|云南|湖南|湖北|江西|安徽|广西|广东|浙江|江苏|山东|山西|陕西|甘肃|青海|宁夏|内蒙古|河北|黑龙江|吉林|辽宁|海南|重庆|福建|泉州|晋江|石狮|闽南|本地|本省|本市|本镇|本村|外地|外省|外市|宝盖|福州|厦门|莆田|南安|惠安|凉山)"
WHO_PAYS = "(?:公司|厂里|企业|厂方|本厂|我厂|我司|单位|工厂|雇主)"
REFUSED = (
    "(?:(?:请|就|都|一律|暂|我们|本厂|厂里)*(?:不要|不招|不收|不录用?|不用来|不考虑|不安排|不接收?|不予|不合适|不看|不办|不便|勿扰|勿投|勿来|请勿|莫来|"
    "别来|别投|别打|先别|免谈|绕道|绕行|绕开|除外|谢绝|拒绝|拒收|婉拒|止步|靠边|走开|pass|out|请回|不行|不可以|就别|别))"
)
PREFERRED = "(?:优先|优选|先录|首选|为佳|更佳|最佳|更好|最好|加分|先安排|先考虑|优待|优惠录用)"
HAZARD = (
    "(?:喷漆|喷涂|油漆|喷粉|电镀|酸洗|过酸|镀锌|抛光|打磨|磨光|喷砂|高空|高处|登高|外墙|脚手架|冲压|冲床|高温(?!补|费|津)|炉前|锅炉|粉尘|有毒|化学品|危化|农药|苯|"
    "稀释剂|刷胶|调漆|印染|制革|井下|矿|爆破|烟花|鞭炮|电焊|焊接|屠宰|放射|ktv|酒吧|夜总会|歌舞厅|网吧|夜场|会所|桑拿|足浴|洗浴|棋牌|包厢|陪唱|"
    "(?<!不)(?<!无)(?:搬运|卸货|装卸|扛包|搬布|负重|夜班|通宵|上夜))"
)
YOUNG = (
    "(?<![0-9.])16-1[78]|(?<![0-9.不未])(?:16|17|十六|十七|1六|1七)(?:、?七)?(?:-1[78]|至1[78]|到1[78])?(?:周?岁)?(?:以上|起|即可|就可以|就能|就行|也行|也可|也收|也要|都可以?|都行|都收|可以|的娃|的孩子|左右|往上|"
    "、17|，17)|(?<![0-9不未])满(?:16|十六)(?:周?岁)?(?:即可|就|可|能|，|$|以上)|未成年(?:也|都|可|能)|(?:高一|高二|高中|中专|职高)(?:在读|学生|生|放假)(?:也|都|可|来)"
)
MACROS = {
    "<拒>": REFUSED,
    "<优>": PREFERRED,
    "<险>": HAZARD,
    "<少>": f"(?:{YOUNG})",
    "<否>": NEGATION,
    "<数>": NUMBER,
    "<费>": FEE,
    "<族>": NATION,
    "<厂>": WHO_PAYS,
    "<地>": PLACE,
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of the table in a text: `[start, end)` in characters of the text as typed."""

    rule_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Word:
    term: PostingTerm
    phrase: str
    regex: re.Pattern[str] | None
    unless: tuple[re.Pattern[str], ...]


def _expand(pattern: str) -> str:
    for name, meaning in MACROS.items():
        pattern = pattern.replace(name, meaning)
    return pattern


def _alternatives(unless: str) -> Iterator[str]:
    """Split at `|`, but not inside brackets: each context is searched on its own, so that none hides another."""
    depth, part = 0, ""
    for char in unless:
        depth += (char in "([") - (char in ")]")
        if char == "|" and depth == 0:
            yield part
            part = ""
        else:
            part += char
    yield part


def _compile(term: PostingTerm) -> _Word:
    try:
        regex = re.compile(_expand(term.pattern)) if term.kind == "regex" else None
        unless = tuple(re.compile(_expand(part)) for part in _alternatives(term.unless) if part)
    except re.error as exc:
        raise ValueError(f"词条 {term.rule_id}“{term.pattern}”的表达式写法有误") from exc
    phrase = "" if regex else squeeze(term.pattern)
    if not regex and not phrase:
        raise ValueError(f"词条 {term.rule_id} 的用词是空的")
    return _Word(term, phrase, regex, unless)


class RuleBook:
    """Compiled rows. Immutable; ask it for a day."""

    def __init__(
        self,
        rules: Sequence[PostingRule],
        words: Sequence[_Word],
        wages: Sequence[MinimumWage],
        division: str,
        limits: Sequence[InternLimit] = (),
    ) -> None:
        self._limits = limits
        self._rules: dict[str, list[PostingRule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.rule_id, []).append(rule)
        self._regexes = [(word, word.regex) for word in words if word.regex]
        self._wages = [wage for wage in wages if wage.division == division]
        self._phrases: Any = ahocorasick.Automaton()
        by_phrase: dict[str, list[_Word]] = {}
        for word in words:
            if not word.regex:
                by_phrase.setdefault(word.phrase, []).append(word)
        for phrase, same in by_phrase.items():
            self._phrases.add_word(phrase, same)
        self._has_phrases = bool(by_phrase)
        self._phrases.make_automaton()

    @classmethod
    def from_rows(
        cls,
        *,
        rules: Iterable[PostingRule],
        terms: Iterable[PostingTerm],
        wages: Iterable[MinimumWage],
        limits: Iterable[InternLimit] = (),
        division: str = SHISHI,
    ) -> Self:
        """Compile the rows. `division`: whose minimum wage holds. ValueError names a row that cannot be compiled."""
        return cls(tuple(rules), tuple(_compile(term) for term in terms), tuple(wages), division, tuple(limits))

    def rule(self, rule_id: str, today: date) -> PostingRule | None:
        """The rule as it stands on `today`; of two dated rows in force the later one holds."""
        valid = [
            rule for rule in self._rules.get(rule_id, ()) if in_force(rule.effective_from, rule.effective_to, today)
        ]
        return max(valid, key=lambda rule: rule.effective_from, default=None)

    def is_loaded(self, today: date) -> bool:
        """Whether any rule at all is in force: a book without rows must not pass every posting."""
        return any(self.rule(rule_id, today) for rule_id in self._rules)

    def wages(self, today: date) -> list[MinimumWage]:
        """The wage rows in force: the newest that is verified and the newest that is not."""
        valid = [wage for wage in self._wages if in_force(wage.effective_from, wage.effective_to, today)]
        newest = {bool(wage.verified_by): wage for wage in sorted(valid, key=lambda wage: wage.effective_from)}
        return list(newest.values())

    def limits(self, today: date) -> dict[str, InternLimit]:
        """The limits for students in force; of two dated rows in force the later one holds."""
        valid = [limit for limit in self._limits if in_force(limit.effective_from, limit.effective_to, today)]
        return {limit.limit_id: limit for limit in sorted(valid, key=lambda limit: limit.effective_from)}

    def hits(self, text: str, today: date) -> list[Hit]:
        """The words of the table in `text`, look-alikes left out, overlapping hits of a rule merged, in text order."""
        if not text:
            return []
        reading = read(text)
        found = [
            Hit(word.term.rule_id, start, end)
            for word, start, end in self._candidates(text, reading)
            if in_force(word.term.effective_from, word.term.effective_to, today)
            and not _excused(word, reading, start, end)
        ]
        return _merged(found)

    def _candidates(self, text: str, reading: Reading) -> Iterator[tuple[_Word, int, int]]:
        for view in (reading.joined, reading.split):
            yield from self._in_phrases(view)
            yield from self._in_regexes(view)
        for word, start, end in self._in_phrases(reading.tight):
            if SENTENCE_ENDS.isdisjoint(text[start:end]) and not _excused_in(word, reading.tight, start, end):
                yield word, start, end

    def _in_regexes(self, view: View) -> Iterator[tuple[_Word, int, int]]:
        for word, regex in self._regexes:
            for match in regex.finditer(view.text):
                if match.end() > match.start():
                    yield word, *view.span(*match.span())

    def _in_phrases(self, view: View) -> Iterator[tuple[_Word, int, int]]:
        if not self._has_phrases:
            return
        for last, words in self._phrases.iter(view.text):
            for word in words:
                yield word, *view.span(last + 1 - len(word.phrase), last + 1)


def _excused_in(word: _Word, view: View, start: int, end: int) -> bool:
    for context in word.unless:
        at = 0
        # Searched again from behind each beginning: contexts of one kind may overlap.
        while match := context.search(view.text, at):
            if match.end() > match.start():
                first, last = view.span(*match.span())
                if first <= start and end <= last:
                    return True
            at = match.start() + 1
    return False


def _excused(word: _Word, reading: Reading, start: int, end: int) -> bool:
    """Inside a look-alike context. The tight view excuses its own hits only: 学费全免，押金300 is no 免押金."""
    return any(_excused_in(word, view, start, end) for view in (reading.joined, reading.split))


def _merged(hits: Iterable[Hit]) -> list[Hit]:
    made: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.rule_id, hit.start, hit.end)):
        if made and made[-1].rule_id == hit.rule_id and hit.start < made[-1].end:
            made[-1] = Hit(hit.rule_id, made[-1].start, max(made[-1].end, hit.end))
        else:
            made.append(hit)
    return sorted(made, key=lambda hit: (hit.start, hit.rule_id, hit.end))
