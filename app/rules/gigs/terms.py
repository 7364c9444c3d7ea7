"""The words of the gigs domain, as codes with Chinese labels."""

from app.core.labels import Labelled


class SeatKind(Labelled):
    REGULAR = "regular", "正式"
    # Accepted as 候补: counted apart, paid stand-by pay when not needed.
    STANDBY = "standby", "候补"


class FillMode(Labelled):
    ALLOCATE = "allocate", "统一配工"
    FIRST_COME = "first_come", "先到先得"


class GigPayUnit(Labelled):
    HOUR = "hour", "时薪"
    PIECE = "piece", "计件"


class WagePeriod(Labelled):
    """工资支付周期 (保障农民工工资支付条例 第十三条)."""

    SHIFT = "shift", "按班结算"
    WEEK = "week", "周结"
    HALF_MONTH = "half_month", "半月结"
    MONTH = "month", "月结"


class PaidBy(Labelled):
    """Money only (保障农民工工资支付条例 第十一条), to the person, never to an agent."""

    BANK = "bank", "银行转账"
    WECHAT = "wechat", "微信转账"
    CASH = "cash", "现金"


class Cover(Labelled):
    """Who bears an injury at work; "none" is shown before anybody accepts."""

    WORK_INJURY = "work_injury", "工伤保险"
    COMMERCIAL = "commercial", "雇主责任险或意外险"
    NONE = "none", "无保障"


class Hazard(Labelled):
    """What a shift exposes people to; the rows of `labour_limit` say which are closed to minors."""

    DUST = "dust", "粉尘"
    TOXIC = "toxic", "有毒有害"
    HIGH_TEMPERATURE = "high_temperature", "高温"
    HEIGHT = "height", "高处作业"
    HEAVY_LOAD = "heavy_load", "重体力（负重20公斤以上）"
    FAST_LINE = "fast_line", "流水线每分钟50次以上"
    NOISE = "noise", "噪声"
    PRESS = "press", "冲压裁断设备"


class Proof(Labelled):
    """How a level of skill is known."""

    CLAIMED = "claimed", "本人填写"
    FIRM = "firm", "企业认定"
    CERTIFICATE = "certificate", "证书"
    TOWN = "town", "镇里核实"


class RelationLabel(Labelled):
    """提示，不作劳动关系认定: shown to both sides with the numbers behind it."""

    PART_TIME = "part_time", "非全日制用工"
    TASK_CONTRACT = "task_contract", "以完成一定工作任务为期限的劳动合同"
    RETIREE = "retiree", "超龄人员用工协议"
    STUDENT = "student", "在校学生勤工助学"
    SHARED = "shared", "共享用工"


class Side(Labelled):
    WORKER = "worker", "零工"
    FIRM = "firm", "企业"


class MarkKind(Labelled):
    IN = "in", "签到"
    OUT = "out", "签退"


class MarkMethod(Labelled):
    QR = "qr", "扫动态码"
    GEOFENCE = "geofence", "到场定位"
    DISPATCHER = "dispatcher", "派工员登记"
    IMPORT = "import", "考勤机导入"
