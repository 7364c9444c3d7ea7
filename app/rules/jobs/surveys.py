"""就业摸底: waves, questions, what an answer must hold, ages in bands, how long it is kept. Pure."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from app.core.errors import ConflictError, FieldIssue, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.identity.ages import WORKING_AGE, compute_age
from app.rules.jobs.terms import SeekerState


class SurveyUnit(Labelled):
    """Whom a wave asks: one member for the household, or each person of working age."""

    HOUSEHOLD = "household", "按户"
    PERSON = "person", "按人"


class SurveyWaveState(Labelled):
    DRAFT = "draft", "草稿"
    OPEN = "open", "进行中"
    CLOSED = "closed", "已结束"
    PUBLISHED = "published", "统计已公布"
    CANCELLED = "cancelled", "已取消"


class QuestionKind(Labelled):
    SINGLE = "single", "单选"
    MULTIPLE = "multiple", "多选"
    NUMBER = "number", "整数"
    OCCUPATIONS = "occupations", "职业代码"


class SurveyOutcome(Labelled):
    """How a visit ended."""

    ANSWERED = "answered", "已答"
    REFUSED = "refused", "拒访"
    ABSENT = "absent", "不在家"
    WITHDRAWN = "withdrawn", "已撤回同意"


class VisitState(Labelled):
    """Where a household stands in a wave: the best of its visits counts."""

    UNVISITED = "unvisited", "未走访"
    ABSENT = "absent", "走访未遇"
    REFUSED = "refused", "不愿作答"
    ANSWERED = "answered", "完成作答"


class HouseholdState(Labelled):
    LIVED_IN = "lived_in", "在住"
    GONE = "gone", "已搬离或拆除"


class HouseholdSource(Labelled):
    """Where the survey knows the household from."""

    VISIT = "visit", "入户走访"
    COMMUNITY_LIST = "community_list", "社区底册"
    REPORTED = "reported", "居民自报"


class BatchItemState(Labelled):
    """What became of one item of a batch that was filled in offline."""

    ACCEPTED = "accepted", "已收下"
    REPEATED = "repeated", "重复提交，已有相同内容"
    REFUSED = "refused", "未收下"


class SurveyAgeBand(Labelled):
    """The bands of the statistics; nobody under 16 is asked about work."""

    FROM_16 = "16_24", "16至24岁"
    FROM_25 = "25_34", "25至34岁"
    FROM_35 = "35_44", "35至44岁"
    FROM_45 = "45_54", "45至54岁"
    FROM_55 = "55_64", "55至64岁"
    FROM_65 = "65_over", "65岁及以上"
    UNKNOWN = "unknown", "年龄未填"


S = SurveyWaveState
NEXT: dict[SurveyWaveState, frozenset[SurveyWaveState]] = {
    S.DRAFT: frozenset({S.OPEN, S.CANCELLED}),
    S.OPEN: frozenset({S.CLOSED, S.CANCELLED}),
    S.CLOSED: frozenset({S.PUBLISHED}),
    S.PUBLISHED: frozenset(),
    S.CANCELLED: frozenset(),
}
# Devices come home with what was filled in on the last day.
SYNC_GRACE = timedelta(days=3)
# A phone's clock may be ahead by so much.
CLOCK_SKEW = timedelta(minutes=10)
LONGEST_WAVE = timedelta(days=366)
# Questions whose codes are counted; everything else lies sealed only.
EMPLOYMENT, WISH, TRAINING, OBSTACLES, OCCUPATION = (
    "employment_state", "wish_to_work", "training_wishes", "obstacles", "occupation",
)  # fmt: skip
COUNTED = (EMPLOYMENT, WISH, TRAINING, OBSTACLES, OCCUPATION)
OCCUPATION_WANTED = "occupation_wanted"
# Worked, or has work and was away in the reference week (城镇劳动力调查: paid work of at least one hour).
EMPLOYED = frozenset({"employed", "on_leave"})
UNEMPLOYED = frozenset({"unemployed"})
# An option that says "none of these".
NONE = "none"
SEEKER_STATES: dict[str, SeekerState] = {
    "employed": SeekerState.EMPLOYED, "on_leave": SeekerState.EMPLOYED, "unemployed": SeekerState.UNEMPLOYED,
    "student": SeekerState.STUDENT, "at_home": SeekerState.AT_HOME,
}  # fmt: skip
_BANDS = (
    (25, SurveyAgeBand.FROM_16), (35, SurveyAgeBand.FROM_25), (45, SurveyAgeBand.FROM_35), (55, SurveyAgeBand.FROM_45),
    (65, SurveyAgeBand.FROM_55),
)  # fmt: skip
Answers = dict[str, str | int | list[str]]


@dataclass(frozen=True, slots=True)
class Question:
    """`options`: code → label. `only_if`: asked only where that other question has one of these answers."""

    key: str
    kind: QuestionKind
    label: str
    required: bool
    options: Mapping[str, str] = field(default_factory=dict)
    only_if: tuple[str, frozenset[str]] | None = None
    minimum: int | None = None
    maximum: int | None = None

    def asked(self, given: Mapping[str, Any]) -> bool:
        if self.only_if is None:
            return True
        key, codes = self.only_if
        value = given.get(key)
        return bool(codes & set(value)) if isinstance(value, list) else isinstance(value, str) and value in codes


def check_transition(current: SurveyWaveState, target: SurveyWaveState) -> None:
    if target not in NEXT[current]:
        raise SurveyWaveStateError(current=current.label, target=target.label)


def check_period(opens_on: date, closes_on: date) -> None:
    if not opens_on <= closes_on <= opens_on + LONGEST_WAVE:
        raise SurveyPeriodError(days=LONGEST_WAVE.days)


def check_recorded(recorded_at: datetime, *, opens_at: datetime, ends_at: datetime, now: datetime) -> None:
    """The device's own time of the visit: within the wave, and not in the future."""
    if recorded_at > now + CLOCK_SKEW:
        raise SurveyRecordedAtError(why="晚于现在，请校准手机时间")
    if not opens_at <= recorded_at < ends_at:
        raise SurveyRecordedAtError(why="不在本轮摸底期间")


def check_answers(questions: Sequence[Question], given: Mapping[str, Any], occupations: Container[str]) -> Answers:
    """What was answered, in the order of the questions; `SurveyAnswersError` names every field that is wrong."""
    known = {question.key for question in questions}
    issues = [FieldIssue(path=f"answers.{key}", message="没有这道题，请更新题目") for key in given if key not in known]
    answers: Answers = {}
    for question in questions:
        value = given.get(question.key)
        if not question.asked(given):
            if value is not None:
                issues.append(_issue(question, "按前面的回答，这道题不用填"))
        elif value is None or value == []:
            if question.required:
                issues.append(_issue(question, f"“{question.label}”必填"))
        elif (wrong := _wrong(question, value, occupations)) is not None:
            issues.append(_issue(question, wrong))
        else:
            answers[question.key] = value
    if issues:
        raise SurveyAnswersError(count=len(issues), fields=issues)
    return answers


def occupation_codes(questions: Sequence[Question], given: Mapping[str, Any]) -> set[str]:
    """The codes that an answer names, before they are looked up."""
    found: set[str] = set()
    for question in questions:
        value = given.get(question.key)
        if question.kind is QuestionKind.OCCUPATIONS and isinstance(value, list):
            found |= {code for code in value if isinstance(code, str)}
    return found


def age_band(born: date | None, today: date) -> SurveyAgeBand:
    """Under 16 nobody is asked about work (《禁止使用童工规定》第二条)."""
    if born is None:
        return SurveyAgeBand.UNKNOWN
    age = compute_age(born, today)
    if age < WORKING_AGE:
        raise SurveyTooYoungError(age=WORKING_AGE)
    return next((band for below, band in _BANDS if age < below), SurveyAgeBand.FROM_65)


def counted_choices(answers: Answers) -> list[tuple[str, str]]:
    """`(question, code)` of what the statistics count."""
    return [
        (key, code)
        for key in COUNTED
        if (value := answers.get(key)) is not None
        for code in (value if isinstance(value, list) else [str(value)])
    ]


def _issue(question: Question, message: str) -> FieldIssue:
    return FieldIssue(path=f"answers.{question.key}", message=message)


def _wrong(question: Question, value: Any, occupations: Container[str]) -> str | None:
    """None where the value fits its question."""
    if question.kind is QuestionKind.NUMBER:
        whole = isinstance(value, int) and not isinstance(value, bool)
        low, high = question.minimum or 0, question.maximum or 0
        return None if whole and low <= value <= high else f"应为 {low} 到 {high} 的整数"
    if question.kind is QuestionKind.SINGLE:
        return None if isinstance(value, str) and value in question.options else "请从选项中选一项"
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        return "应为代码的列表"
    return _wrong_list(question, value, occupations)


def _wrong_list(question: Question, codes: list[str], occupations: Container[str]) -> str | None:
    choices = occupations if question.kind is QuestionKind.OCCUPATIONS else question.options
    strange = [code for code in codes if code not in choices]
    if strange:
        return "职业代码不在代码表中" if question.kind is QuestionKind.OCCUPATIONS else "请从选项中选择"
    if len(set(codes)) != len(codes):
        return "同一项选了两次"
    if NONE in codes and len(codes) > 1:
        return "选了“没有”就不能再选其他项"
    if question.maximum is not None and len(codes) > question.maximum:
        return f"最多选 {question.maximum} 项"
    return None


class SurveyWaveNotFoundError(NotFoundError):
    code = "survey_wave_not_found"
    message = "没有找到这一轮摸底"


class SurveyWaveStateError(ConflictError):
    code = "survey_wave_state_wrong"
    message = "这一轮摸底当前为“{current}”，不能变为“{target}”"


class SurveyNotOpenError(ConflictError):
    code = "survey_not_open"
    message = "这一轮摸底当前为“{current}”，不能再收答卷"


class SurveyNotCountedError(ConflictError):
    code = "survey_not_counted"
    message = "这一轮摸底当前为“{current}”，统计在结束并公布后才能查看"


class SurveyPeriodError(UnprocessableError):
    code = "survey_period_wrong"
    message = "结束日期不能早于开始日期，一轮最长{days}天"
    field = "closes_on"


class SurveyEndedError(UnprocessableError):
    code = "survey_ended"
    message = "结束日期 {closes_on} 已过，请先修改起止日期再开始"
    field = "closes_on"


class QuestionsUnknownError(UnprocessableError):
    code = "survey_questions_unknown"
    message = "没有“{given}”这一版题目"
    field = "questions_version"


class SurveyGridError(NotFoundError):
    code = "survey_grid_not_found"
    message = "没有找到这个网格，或它不由您负责"
    field = "grid_id"


class SurveyMemberError(UnprocessableError):
    code = "survey_member_wrong"
    message = "只能分配给在任的网格员或网格长"
    field = "person_ids"


class HouseholdNotFoundError(NotFoundError):
    code = "survey_household_not_found"
    message = "没有找到这一户，或它不在您负责的网格"
    field = "household_id"


class HouseholdKnownError(ConflictError):
    code = "survey_household_known"
    message = "这个网格已有同一地址的一户，请直接使用那一户"
    field = "address"


class ClientIdTakenError(ConflictError):
    """Work done offline carries an id of the device's own: the same id means the same thing for ever."""

    code = "client_id_taken"
    message = "这个 client_id 已用于另一份内容，请在设备上重新生成编号"
    field = "client_id"


class SurveyAnswerExistsError(ConflictError):
    code = "survey_answer_exists"
    message = "这一户的第 {member_no} 号成员本轮已经作答，请更正原来的答卷"
    field = "member_no"


class SurveyAnswerNotFoundError(NotFoundError):
    code = "survey_answer_not_found"
    message = "没有找到这份答卷，或它不在您负责的网格"


class SurveyAnswersError(UnprocessableError):
    code = "survey_answers_wrong"
    message = "有 {count} 处回答不合要求，请按提示修改"


class SurveyItemError(UnprocessableError):
    """One item of a batch that cannot be read."""

    code = "survey_item_wrong"
    message = "这一份答卷填写有误，请按提示修改后重新提交"


class SurveyRecordedAtError(UnprocessableError):
    code = "survey_recorded_at_wrong"
    message = "填写时间{why}"
    field = "recorded_at"


class SurveyConsentMissingError(UnprocessableError):
    code = "survey_consent_missing"
    message = "作答须有受访人的同意：由谁、何时、以何种方式同意"
    field = "consent"


class SurveyConsentTextError(UnprocessableError):
    code = "survey_consent_text_wrong"
    message = "请先向受访人读出现行的说明（{current}）"
    field = "consent.policy_version"


class SurveySurplusError(UnprocessableError):
    """Who did not agree to answer leaves nothing behind."""

    code = "survey_answer_surplus"
    message = "“{outcome}”只记录走访结果，不能填写个人信息和回答"
    field = "outcome"


class SurveyMemberNumberError(UnprocessableError):
    code = "survey_member_no_wrong"
    message = "按户的摸底填 0，按人的摸底从 1 开始编号"
    field = "member_no"


class SurveyTooYoungError(UnprocessableError):
    code = "survey_under_age"
    message = "未满{age}周岁的人不列入就业摸底，请不要登记"
    field = "person.birth_date"


class SurveyOutcomeError(ConflictError):
    code = "survey_outcome_wrong"
    message = "这份答卷是“{current}”，不能进行此操作"


class SurveyRegisteredError(ConflictError):
    code = "survey_already_registered"
    message = "这份答卷已经登记为求职者"


class SurveyPersonMissingError(UnprocessableError):
    code = "survey_person_missing"
    message = "登记求职需要本人的{missing}，请补充后再登记"
    field = "name"


class SurveyPersonDiffersError(ConflictError):
    """The same number alone merges nobody: a family may share one telephone."""

    code = "survey_person_differs"
    message = "这个手机号登记的是另一个人；如与家人共用手机号，请选择“不登记手机号”"
    field = "phone"
