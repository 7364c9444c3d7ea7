"""The words of the jobs domain, as codes with Chinese labels."""

from app.core.labels import Labelled


class Engagement(Labelled):
    """用工类型: 网络招聘服务管理规定 requires it in every posting."""

    DIRECT = "direct", "直接招用"
    DISPATCHED = "dispatched", "劳务派遣"
    SHARED = "shared", "共享用工"
    STUDENT = "student", "学生实习"


class PayUnit(Labelled):
    MONTH = "month", "月薪"
    HOUR = "hour", "时薪"
    PIECE = "piece", "计件"


class PayCycle(Labelled):
    DAILY = "daily", "日结"
    WEEKLY = "weekly", "周结"
    HALF_MONTHLY = "half_monthly", "半月结"
    MONTHLY = "monthly", "月结"


class ShiftPattern(Labelled):
    DAY = "day", "白班"
    NIGHT = "night", "夜班"
    ROTATING = "rotating", "两班倒"
    FLEXIBLE = "flexible", "弹性时间"


class Benefit(Labelled):
    MEALS = "meals", "包吃"
    LODGING = "lodging", "包住"
    MEAL_ALLOWANCE = "meal_allowance", "餐补"
    LODGING_ALLOWANCE = "lodging_allowance", "房补"
    SOCIAL_INSURANCE = "social_insurance", "社会保险"
    HOUSING_FUND = "housing_fund", "公积金"
    SHUTTLE = "shuttle", "班车"
    PAID_LEAVE = "paid_leave", "带薪年假"


class WorkFeature(Labelled):
    """What a job demands of the body and the day, and what a seeker may rule out."""

    NIGHT_WORK = "night_work", "上夜班"
    HEAVY_LIFTING = "heavy_lifting", "搬重物"
    LONG_STANDING = "long_standing", "久站"
    HIGH_TEMPERATURE = "high_temperature", "高温"
    DUST = "dust", "粉尘"
    NOISE = "noise", "噪声"


class SkillLevel(Labelled):
    """新八级工 (人社部 2022): the order of definition is the order of levels."""

    APPRENTICE = "apprentice", "学徒工"
    JUNIOR = "junior", "初级工"
    INTERMEDIATE = "intermediate", "中级工"
    SENIOR = "senior", "高级工"
    TECHNICIAN = "technician", "技师"
    SENIOR_TECHNICIAN = "senior_technician", "高级技师"
    SPECIAL_TECHNICIAN = "special_technician", "特级技师"
    CHIEF_TECHNICIAN = "chief_technician", "首席技师"


class Vehicle(Labelled):
    WALK = "walk", "步行"
    BICYCLE = "bicycle", "自行车"
    EBIKE = "ebike", "电动车"
    BUS = "bus", "公交"
    CAR = "car", "汽车"


class SeekerState(Labelled):
    EMPLOYED = "employed", "在职"
    UNEMPLOYED = "unemployed", "失业"
    STUDENT = "student", "学生"
    AT_HOME = "at_home", "赋闲在家"


class CoordType(Labelled):
    """WeChat's getLocation gives either; map components use gcj02."""

    GCJ02 = "gcj02", "国测局坐标"
    WGS84 = "wgs84", "GPS 坐标"
