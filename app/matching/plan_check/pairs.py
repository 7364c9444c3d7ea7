"""What must hold of one person on one shift, whatever else the plan says."""

from app.matching.plan_check.measures import NEAR, Row, covered, metres
from app.matching.plan_check.verdict import Findings


def check_pair(worker: Row, shift: Row, limits: Row, said: Findings) -> None:
    key, place = worker["key"], shift["key"]

    def hold(rule: str, holds: bool, text: str) -> None:
        said.hold(rule, holds, text, worker=key, shift=place)

    level = worker["skills"].get(shift["process"])
    hold("skill", level is not None and level >= shift["level"], f"需要{shift['level']}级，本人{level or '没有'}")
    start, end = shift["start"], shift["end"]
    hold("availability", covered(worker["free"], start, end), "班次不全在可上班时间内")
    hold("age", start >= worker["birthday_16"], "开班时未满16周岁")
    _check_minor(worker, shift, limits, said)
    hold("block", shift["enterprise"] not in worker["blocks"], f"本人与{shift['enterprise']}互相屏蔽")
    reach = worker["reach_m"]
    if reach is not None and worker["home"] is not None and shift["place"] is not None:
        away = metres(worker["home"], shift["place"])
        hold("reach", away <= reach + NEAR, f"离家{away:.0f}米，最远{reach}米")
    least = worker["least_fen_per_hour"]
    if least is not None:
        hold("pay", shift["fen_per_hour"] >= least, f"每小时{shift['fen_per_hour']}分，最低要求{least}分")
    for anchor in worker["anchors"]:
        travel = metres(shift["place"], (anchor["x"], anchor["y"])) / worker["speed_m_per_min"]
        fits = end + travel <= anchor["at"] + NEAR or start >= anchor["at"] + travel - NEAR
        hold("anchor", fits, f"路上{travel:.0f}分钟，赶不上")
    rest = limits["rest_between"] or 0
    for done in worker["done"]:
        apart = max(start - done["end"], done["start"] - end)
        hold("done", apart >= rest, f"与已有班次相隔{apart}分钟，至少{rest}分钟")


def _check_minor(worker: Row, shift: Row, limits: Row, said: Findings) -> None:
    if shift["start"] >= worker["birthday_18"]:
        return
    closed = limits["minor_hazards"]
    hazards = shift["hazards"] if closed is None else [code for code in shift["hazards"] if code in closed]
    holds = worker["minor_ready"] and not shift["closed_to_minors"] and not shift["night"] and not hazards
    text = "未满18周岁：须已登记并体检，且不上夜班、不接触禁忌作业"
    said.hold("minor", bool(holds), text, worker=worker["key"], shift=shift["key"])
