"""A step of the story: looking around by facets and distance, keeping a posting and a search."""

from typing import Any

from demo.client import Caller
from demo.teller import Teller

HOME = {"latitude": 24.7402, "longitude": 118.6580, "coord_type": "gcj02"}


def looking_around(teller: Teller, seeker: Caller, vacancy: dict[str, Any]) -> None:
    counts = seeker.get("/vacancies/facets", shift_pattern="day")
    shifts = "、".join(f"{c['label']}{c['count']}" for c in counts["shift_patterns"] if c["count"])
    trades = "、".join(f"{c['label']}{c['count']}" for c in counts["occupations"])
    teller.say(f"只看白班：{counts['total']} 个岗位（{trades}）；班次一栏仍写着 {shifts}")
    listed = seeker.get("/vacancies", shift_pattern="day", with_total="true")["total"]
    night = next(c["count"] for c in counts["shift_patterns"] if c["code"] == "night")
    teller.check("分面计数与列表一致，各类不受自身筛选影响", counts["total"] == listed and night == 1)
    found = seeker.get("/vacancies", sort="nearest", min_monthly_fen=480000, **HOME)["items"]
    away = [item["distance_m"] for item in found]
    teller.check("由近到远：" + "、".join(f"{i['title']}{i['distance_m']}米" for i in found), away == sorted(away))
    kept = seeker.put(f"/me/saved-vacancies/{vacancy['id']}")
    mine = seeker.get("/me/saved-vacancies")["items"]
    teller.check(f"收藏“{kept['title']}”，在我的收藏里", [row["vacancy_id"] for row in mine] == [vacancy["id"]])
    filters = {"q": "平车", "shift_pattern": "day", "within_m": 3000, **HOME}
    search = seeker.post("/me/saved-searches", name="离家近的平车", notify=True, filters=filters)
    teller.check(
        f"保存搜索“{search['name']}”，每天告知一次新岗位数；位置加密保存", search["filters"]["within_m"] == 3000
    )
