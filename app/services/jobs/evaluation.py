"""`sanqu evaluate`: the recommendation against simple orders, on any labelled file. Needs no database.

Every order works on the same vacancies: those that no gate closes to the seeker. The simple orders are thereby stronger than
they would be alone, and what is compared is the ranking.
"""

import csv
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from app.core.errors import UnprocessableError
from app.matching import evaluation as measures
from app.matching.recommendation import (
    OccupationTree,
    SeekerCard,
    VacancyCard,
    VacancyColumns,
    closed_by,
    rank_vacancies,
)
from app.matching.tokens import index_tokens, query_tokens
from app.rules.geo import distance_m
from app.schemas.jobs.evaluation import LabelledFile, LabelledSeeker, key_of
from app.services.organisation.seed_files import read_csv

OURS = "推荐"
GRADES = 4
TOP = 10
RESAMPLES = 2000
SEED = 20_261_126
# Measured for each seeker, in this order.
MEASURES = ("nDCG@5", "nDCG@10", "P@1", "recall@50")
Order = list[str]


class LabelledFileError(UnprocessableError):
    code = "labelled_file_wrong"
    message = "文件不符合格式：{why}"


@dataclass(frozen=True, slots=True)
class System:
    """One order: the measures of each seeker, and what it does to the vacancies."""

    name: str
    by_seeker: Mapping[str, Sequence[float]]
    coverage: float
    gini: float


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the seekers: the first ones, on which weights may be tuned, or the others, which are reported."""

    name: str
    seekers: int
    systems: Sequence[System]


@dataclass(frozen=True, slots=True)
class Report:
    file: str
    pairs: int
    vacancies: int
    kappa: float | None
    parts: Sequence[Part]
    resamples: int


def evaluate(path: Path, labels: Sequence[Path], *, seeds: Path, tuning: int = 0, resamples: int = RESAMPLES) -> Report:
    """`labels`: CSV files, one for each rater; a pair's label is their mean. `tuning`: how many seekers come first."""
    file = _read(path)
    raters = [_grades(one, file) for one in labels]
    labelled = _mean(
        [*raters, *([{(row.seeker, row.vacancy): row.label for row in file.labels}] if file.labels else [])]
    )
    if not labelled:
        raise LabelledFileError(why="没有标注；请在文件里写 labels，或用 --labels 给出 CSV")
    rankings = _rankings(file, _tree(seeds), _town_words(seeds))
    names = [seeker.id for seeker in file.seekers]
    split = [("调参", names[:tuning]), ("报告", names[tuning:])] if tuning else [("全部", names)]
    return Report(
        file=path.name,
        pairs=len(labelled),
        vacancies=len(file.vacancies),
        kappa=_kappa(raters),
        parts=[Part(name, len(part), _systems(rankings, labelled, file, part)) for name, part in split],
        resamples=resamples,
    )


def _read(path: Path) -> LabelledFile:
    try:
        return LabelledFile.model_validate_json(path.read_bytes())
    except OSError as exc:
        raise LabelledFileError(why=f"读不到 {path}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        raise LabelledFileError(why=f"{'.'.join(map(str, first['loc']))}：{first['msg']}") from exc


def _grades(path: Path, file: LabelledFile) -> dict[tuple[str, str], float]:
    """`seeker,vacancy,grade`, whole grades from 0 to 3."""
    seekers, vacancies = {row.id for row in file.seekers}, {row.id for row in file.vacancies}
    found: dict[tuple[str, str], float] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=2):
                seeker, vacancy, grade = row.get("seeker"), row.get("vacancy"), row.get("grade")
                if seeker not in seekers or vacancy not in vacancies or grade not in {"0", "1", "2", "3"}:
                    raise LabelledFileError(why=f"{path.name} 第 {number} 行")
                found[seeker, vacancy] = float(grade)
    except OSError as exc:
        raise LabelledFileError(why=f"读不到 {path}") from exc
    return found


def _mean(raters: Sequence[Mapping[tuple[str, str], float]]) -> dict[tuple[str, str], float]:
    pairs = {pair for rater in raters for pair in rater}
    given = {pair: [rater[pair] for rater in raters if pair in rater] for pair in pairs}
    return {pair: sum(grades) / len(grades) for pair, grades in given.items()}


def _kappa(raters: Sequence[Mapping[tuple[str, str], float]]) -> float | None:
    """Of the first two raters over the pairs that both have seen."""
    if len(raters) < 2:  # noqa: PLR2004  # a pair of raters
        return None
    both = sorted(raters[0].keys() & raters[1].keys())
    if not both:
        return None
    one, other = ([int(rater[pair]) for pair in both] for rater in raters[:2])
    return measures.weighted_kappa(one, other, GRADES)


def _tree(seeds: Path) -> OccupationTree:
    rows = [row for name in ("occupations", "occupations_town") for row in read_csv(seeds, f"{name}.csv")]
    return OccupationTree.from_rows((row["code"], row["name"], row["parent"] or None) for row in rows)


def _town_words(seeds: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in read_csv(seeds, "occupation_aliases.csv"):
        found.setdefault(row["code"], []).append(row["alias"])
    return found


def _rankings(
    file: LabelledFile, tree: OccupationTree, aliases: Mapping[str, list[str]]
) -> dict[str, dict[str, Order]]:
    """System → seeker → ids of vacancies, best first."""
    posts = {row.id: row.card() for row in file.vacancies}
    names = {key_of(name): name for name in posts}
    columns, now = VacancyColumns.from_cards(posts.values()), file.now()
    texts = {row.id: row.words(tree.name(row.occupation_code)) for row in file.vacancies}
    found: dict[str, dict[str, Order]] = {}
    for row in file.seekers:
        card = row.card()
        ranked = rank_vacancies(card, columns, tree, now=now, limit=len(posts))
        # Newest first, then by name: what the simple orders fall back on.
        opened = [name for name in sorted(posts) if closed_by(card, posts[name], now=now) is None]
        opened.sort(key=lambda name: posts[name].published_at, reverse=True)
        found.setdefault(OURS, {})[row.id] = [names[item.id] for item in ranked]
        for name, value in _simple(row, card, posts, texts, tree, aliases).items():
            found.setdefault(name, {})[row.id] = sorted(opened, key=value)
    return found


def _simple(
    row: LabelledSeeker,
    card: SeekerCard,
    posts: Mapping[str, VacancyCard],
    texts: Mapping[str, str],
    tree: OccupationTree,
    aliases: Mapping[str, list[str]],
) -> dict[str, Callable[[str], float]]:
    """The orders that need no engine: what each of them sorts by."""

    def metres(name: str) -> float:
        post = posts[name]
        if card.home_lat is None or card.home_lon is None or post.lat is None or post.lon is None:
            return float("inf")
        return distance_m(card.home_lat, card.home_lon, post.lat, post.lon)

    def trade(name: str) -> float:
        near = tree.nearest(card.wanted, posts[name].occupation_code)
        return -(near[1] if near else 0.0)

    bm25 = _bm25(
        texts, [word for code in row.wanted for word in (tree.name(code), *aliases.get(code, []))] + row.machines
    )
    # Same trade, then the way: a sum that keeps the trade in front.
    return {
        "新发布在前": lambda _: 0.0,
        "离家最近": metres,
        "工种相近再近": lambda name: 1e9 * trade(name) + min(metres(name), 1e8),
        "工资最高": lambda name: -(posts[name].hourly_fen or 0),
        "BM25": lambda name: bm25.get(name, 0.0),
    }


def _bm25(texts: Mapping[str, str], words: Iterable[str]) -> dict[str, float]:
    """SQLite's own BM25 over the tokens that the search uses; lower is better. Any word may match."""
    tokens = list(dict.fromkeys(token for word in words for token in query_tokens(word)))
    if not tokens:
        return {}
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE text USING fts5(name UNINDEXED, tokens, tokenize='unicode61')")
        connection.executemany("INSERT INTO text VALUES (?, ?)", ((name, " ".join(index_tokens(text))) for name, text in texts.items()))  # fmt: skip
        asked = " OR ".join('"' + token.replace('"', "") + '"' for token in tokens)
        return dict(connection.execute("SELECT name, bm25(text) FROM text WHERE tokens MATCH ?", (asked,)))
    finally:
        connection.close()


def _systems(
    rankings: Mapping[str, Mapping[str, Order]],
    labelled: Mapping[tuple[str, str], float],
    file: LabelledFile,
    seekers: Sequence[str],
) -> list[System]:
    return [_system(name, orders, labelled, file, seekers) for name, orders in rankings.items()]


def _system(
    name: str,
    orders: Mapping[str, Order],
    labelled: Mapping[tuple[str, str], float],
    file: LabelledFile,
    seekers: Sequence[str],
) -> System:
    columns: dict[str, list[float]] = {measure: [] for measure in MEASURES}
    shown: Counter[str] = Counter()
    for seeker in seekers:
        # A pair that nobody has labelled says nothing, for or against.
        order = [labelled[seeker, vacancy] for vacancy in orders[seeker] if (seeker, vacancy) in labelled]
        every = [labelled[seeker, row.id] for row in file.vacancies if (seeker, row.id) in labelled]
        columns["nDCG@5"].append(measures.ndcg(order, every, 5))
        columns["nDCG@10"].append(measures.ndcg(order, every, 10))
        columns["P@1"].append(measures.precision_at_one(order))
        columns["recall@50"].append(measures.recall(order, every, 50))
        shown.update(orders[seeker][:TOP])
    counts = [shown[row.id] for row in file.vacancies]
    return System(name, columns, sum(count > 0 for count in counts) / len(counts), measures.gini(counts))


def render(report: Report) -> str:
    """Tables in Markdown, so that a report can be kept beside its file."""
    lines = [f"{report.file}：标注 {report.pairs} 对，岗位 {report.vacancies} 个"]
    if report.kappa is not None:
        lines.append(f"两位标注人的一致程度（二次加权 kappa）：{report.kappa:.2f}")
    for part in report.parts:
        lines += ["", f"### {part.name}（求职者 {part.seekers} 人）", ""]
        lines.append("| 排序 | " + " | ".join(MEASURES) + " | 覆盖率 | 曝光基尼 |")
        lines.append("|---|" + "---:|" * (len(MEASURES) + 2))
        for system in part.systems:
            values = [f"{_average(system.by_seeker[measure]):.3f}" for measure in MEASURES]
            lines.append(f"| {system.name} | {' | '.join(values)} | {system.coverage:.2f} | {system.gini:.2f} |")
        lines += ["", *_differences(part, report.resamples)]
    return "\n".join(lines)


def _differences(part: Part, resamples: int) -> list[str]:
    ours, *others = part.systems
    lines = [
        f"推荐减去各排序（按求职者配对，自助法 {resamples} 次，95% 区间；* 表示区间不含 0）", "",
        "| 对比 | nDCG@5 | nDCG@10 | P@1 |", "|---|---:|---:|---:|",
    ]  # fmt: skip
    for other in others:
        cells = []
        for measure in MEASURES[:3]:
            found = measures.paired_difference(
                ours.by_seeker[measure], other.by_seeker[measure], resamples=resamples, seed=SEED
            )
            cells.append(f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]{'*' if found.is_clear else ''}")
        lines.append(f"| {other.name} | {' | '.join(cells)} |")
    return lines


def _average(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
