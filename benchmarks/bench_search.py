"""Search against bare SQL under the same floor, on both databases: words, words with the exact total, pay, nearest, facets.

Set up as `bench_list`. Before a figure is printed both sides must give the same items, totals and distances.
"""

from typing import Any
from urllib.parse import quote, urlencode

import typer

from app.matching.tokens import query_tokens
from app.rules.geo import to_grid
from app.rules.jobs.search import compute_distance_m
from benchmarks.bench_list import (
    GOAL,
    LIST,
    Case,
    Kind,
    Rounds,
    Seconds,
    Servers,
    Vacancies,
    Which,
    case,
    console,
    get_json,
    items_of,
    run,
    same,
)
from benchmarks.town import Size

WORDS = ("平车工", "包缝", "电商客服", "夜宵 平车", "宋塘路", "叉车", "健康", "仓管员 回兴路", "拉链", "新手可带教")
PLACES = ((24.7265, 118.6702), (24.7402, 118.6580), (24.7100, 118.6450))
WITHIN_M = 1500
P50_GOAL = 3


def floor_search(words: str, kind: str = "search") -> str:
    return f"/?kind={kind}&tokens={quote(' '.join(query_tokens(words)))}"


def floor_nearest(latitude: float, longitude: float) -> str:
    east, north = to_grid(latitude, longitude)
    return "/?" + urlencode({"kind": "nearest", "east": east, "north": north, "within": WITHIN_M**2})


def app_nearest(latitude: float, longitude: float) -> str:
    point = {"latitude": latitude, "longitude": longitude, "coord_type": "gcj02", "within_m": WITHIN_M}
    return f"{LIST}?" + urlencode(point | {"sort": "nearest"})


def plan(servers: Servers) -> list[Case]:
    searches = [f"{LIST}?q={quote(words)}" for words in WORDS]
    for words, path in zip(WORDS, searches, strict=True):
        ours = get_json(servers.app, f"{path}&with_total=true")
        bare = get_json(servers.floor, floor_search(words, "search_total"))
        same(f"搜索“{words}”", (items_of(bare), bare["total"]), (items_of(ours), ours["total"]))
    ours, bare = get_json(servers.app, f"{LIST}?sort=pay"), get_json(servers.floor, "/?kind=pay")
    same("按工资", items_of(bare), items_of(ours))
    for place in PLACES:
        ours, bare = get_json(servers.app, app_nearest(*place)), get_json(servers.floor, floor_nearest(*place))
        same("按距离", [_in_metres(item) for item in items_of(bare)], items_of(ours))
    console.print(f"{len(WORDS)} 个搜索及其总数、按工资、{len(PLACES)} 处按距离，都与对照相同")
    totals = [f"{path}&with_total=true" for path in searches]
    return [
        case(servers, "关键词", [floor_search(words) for words in WORDS], searches),
        case(servers, "关键词和总数", [floor_search(words, "search_total") for words in WORDS], totals),
        case(servers, "按折合时薪", ["/?kind=pay"], [f"{LIST}?sort=pay"]),
        case(
            servers, f"{WITHIN_M} 米内由近到远", [floor_nearest(*p) for p in PLACES], [app_nearest(*p) for p in PLACES]
        ),
        # Beside the first page, for want of a bare counterpart: what counting all choices costs.
        case(servers, "分面（对照为第一页）", ["/"], [f"{LIST}/facets?q={quote(words)}" for words in WORDS]),
    ]


def _in_metres(item: dict[str, Any]) -> dict[str, Any]:
    return item | {"distance_m": compute_distance_m(item["distance_m"])}


def main(
    vacancies: Vacancies = Size.vacancies, seconds: Seconds = 2.0, rounds: Rounds = 3, database: Which = Kind.BOTH
) -> None:
    """检索对照裸 SQL 的速度比。"""
    goal = f"目标：关键词 p50 ≤ {P50_GOAL} 倍；关键词和总数 应用/对照 ≥ {GOAL:.2f}"
    run(plan, goal, database, vacancies, rounds=rounds, seconds=seconds)


if __name__ == "__main__":
    typer.run(main)
