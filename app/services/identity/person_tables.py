"""Every column that points at a person: what it means for the export, for a merge, and for a deleted account.

The one place in which tables of all domains are treated alike, because a right of the person reaches all of them
(个人信息保护法 第四十五、四十七条). A column that is missing here fails a test.
"""

from dataclasses import dataclass
from enum import StrEnum


class OnMerge(StrEnum):
    """What becomes of the rows of the record that is merged into another."""

    MOVE = "move"
    # One per person: the target's own stays, the source's moves only where there is none.
    FIRST = "first"
    # Who did something stays who did it; the merged record points at its successor.
    STAY = "stay"


class OnDeletion(StrEnum):
    DELETE = "delete"
    # Ids only, or kept by law: `why` says which.
    KEEP = "keep"
    # A service of the domain decides row by row.
    HANDLED = "handled"


@dataclass(frozen=True, slots=True)
class PersonColumn:
    exported: bool
    on_merge: OnMerge
    on_deletion: OnDeletion
    why: str


def _mine(on_merge: OnMerge, on_deletion: OnDeletion, why: str) -> PersonColumn:
    return PersonColumn(exported=True, on_merge=on_merge, on_deletion=on_deletion, why=why)


_DONE_BY = PersonColumn(
    exported=False, on_merge=OnMerge.STAY, on_deletion=OnDeletion.KEEP, why="谁办的：只是编号，属于那件事的记录"
)
M, D = OnMerge, OnDeletion
# `table.column` in the order in which rows may be deleted: children before what they point at.
PERSON_COLUMNS: dict[str, PersonColumn] = {
    "call.person_id": _mine(M.MOVE, D.DELETE, "致电名单"),
    "notice.person_id": _mine(M.MOVE, D.DELETE, "通知"),
    "subscription_counter.person_id": _mine(M.FIRST, D.DELETE, "订阅次数"),
    "wechat_identity.person_id": _mine(M.MOVE, D.DELETE, "微信身份"),
    "console_account.person_id": _mine(M.FIRST, D.DELETE, "网页登录"),
    "login_session.person_id": _mine(M.STAY, D.DELETE, "登录"),
    "seeker_profile.person_id": _mine(M.FIRST, D.DELETE, "求职登记"),
    "invitation.person_id": _mine(M.STAY, D.DELETE, "企业的邀请：双方各自的记录"),
    "impression.person_id": _mine(M.MOVE, D.DELETE, "推荐展示记录"),
    "saved_vacancy.person_id": _mine(M.MOVE, D.DELETE, "收藏的岗位"),
    "saved_search.person_id": _mine(M.MOVE, D.DELETE, "保存的搜索"),
    "application.person_id": _mine(M.MOVE, D.HANDLED, "应聘：撤回，联系方式收回；服务记录依法另存3年"),
    "appointment.person_id": _mine(M.MOVE, D.HANDLED, "任职：结束；任职记录只有编号"),
    "consent.person_id": _mine(M.MOVE, D.KEEP, "同意凭据：只有编号，保存3年"),
    "assisted_act.person_id": _mine(M.MOVE, D.HANDLED, "代办记录：内容清除，只留编号"),
    "representation.person_id": _mine(M.STAY, D.HANDLED, "代办授权：撤销，凭据保存3年"),
    "representation.agent_id": _mine(M.STAY, D.HANDLED, "代办授权：撤销，凭据保存3年"),
    "file.owner_id": _mine(M.MOVE, D.HANDLED, "上传的文件：未用于材料的删除，用于材料的随材料保存"),
    "report.reporter_id": _mine(M.MOVE, D.KEEP, "举报：处理记录"),
    "content_review.author_id": _mine(M.MOVE, D.KEEP, "内容复核：只有编号"),
    "enterprise_claim.person_id": _mine(M.MOVE, D.KEEP, "企业认领：核验记录依法保存3年"),
    "fair_check_in.person_id": _mine(M.FIRST, D.HANDLED, "招聘会签到：去掉本人，只留人数"),
    "share_code.created_by": _mine(M.MOVE, D.KEEP, "分享码：已印在海报上"),
    "roster_person.person_id": _mine(M.FIRST, D.HANDLED, "名册认领：解除，公开名册本身不变"),
    "survey_answer.person_id": _mine(M.MOVE, D.HANDLED, "摸底答卷：清除内容，解除关联"),
    "survey_assignment.person_id": _mine(M.FIRST, D.DELETE, "摸底任务：哪个网格归谁走访"),
    "weekly_window.person_id": _mine(M.STAY, D.DELETE, "每周可上班时间"),
    "day_exception.person_id": _mine(M.STAY, D.DELETE, "个别日子的可上班时间"),
    "anchor.person_id": _mine(M.STAY, D.DELETE, "固定要到的地方和时间"),
    "worker_skill.person_id": _mine(M.FIRST, D.DELETE, "会做的工序"),
    "worker_profile.person_id": _mine(M.FIRST, D.DELETE, "零工登记"),
    "roster_member.person_id": _mine(M.MOVE, D.DELETE, "企业零工名单"),
    "worker_block.person_id": PersonColumn(
        exported=False, on_merge=M.MOVE, on_deletion=D.DELETE, why="企业不再邀请：企业一方的记录"
    ),
    "wage_claim.person_id": _mine(M.MOVE, D.DELETE, "讨薪的日期：用于发现报复性拉黑"),
    "plan_pin.person_id": PersonColumn(exported=False, on_merge=M.STAY, on_deletion=D.DELETE, why="配工时的指定与排除"),
    "waiting_entry.person_id": _mine(M.STAY, D.DELETE, "班次排队"),
    "offer.person_id": _mine(M.STAY, D.HANDLED, "邀约：收回未答复的，记录只留编号"),
    "assignment.person_id": _mine(M.MOVE, D.HANDLED, "上岗安排：取消未开始的；用工记录依法保存3年"),
    "timesheet.person_id": _mine(M.MOVE, D.KEEP, "工时单：工资台账依法保存3年"),
    "accident_report.person_id": _mine(M.MOVE, D.KEEP, "工伤事故报告：依法保存"),
    "settlement.person_id": _mine(M.MOVE, D.KEEP, "工资结算：工资台账依法保存3年"),
    "mediation_referral.person_id": _mine(M.MOVE, D.KEEP, "选择调解的事实"),
    "rating.person_id": _mine(M.MOVE, D.DELETE, "评价"),
    "no_show.person_id": _mine(M.MOVE, D.DELETE, "未到岗记录"),
    "shared_worker.person_id": _mine(M.STAY, D.DELETE, "共享用工的本人同意"),
    "redemption.person_id": _mine(M.MOVE, D.HANDLED, "积分兑换：未领取的取消；已领取的是账目，只有编号"),
    "points_award.person_id": _mine(M.MOVE, D.KEEP, "得分记录：账目依据，只有编号"),
    "points_claim.person_id": _mine(M.MOVE, D.HANDLED, "积分申报：撤回，清除内容，只留结果"),
    "points_objection.person_id": _mine(M.MOVE, D.KEEP, "公示异议：处理记录"),
    "activity_person.person_id": _mine(M.MOVE, D.HANDLED, "志愿活动：退出未开始的；时长记录只有编号"),
    "training_demand.person_id": _mine(M.MOVE, D.HANDLED, "点单：收回本人的，清除内容"),
    "enrolment.person_id": _mine(M.MOVE, D.HANDLED, "培训报名：退出未开始的；结果只有编号"),
    "class_feedback.person_id": _mine(M.MOVE, D.DELETE, "培训评价"),
    "certificate.person_id": _mine(M.MOVE, D.HANDLED, "培训证书：去掉姓名，编号和所学仍可核验"),
    "declaration.person_id": _mine(M.MOVE, D.HANDLED, "申报：未转报的撤回，材料解除关联；已转报的保存"),
    "competition_entry.person_id": _mine(M.MOVE, D.HANDLED, "竞赛报名：退出未截止的；成绩只有编号"),
    "competition_objection.person_id": _mine(M.MOVE, D.KEEP, "竞赛异议：处理记录"),
    "case_party.person_id": _mine(M.MOVE, D.HANDLED, "调解当事人：退出或终止未了的调解；已形成的协议和档案依法保存"),
    "party_representative.person_id": _mine(M.MOVE, D.HANDLED, "调解中代表或代理他人：撤销；记录只有编号"),
    "panel_seat.person_id": PersonColumn(
        exported=False, on_merge=M.STAY, on_deletion=D.HANDLED, why="调解小组席位：离席；案件的记录"
    ),
    "household_member.person_id": _mine(M.FIRST, D.DELETE, "家庭账户成员"),
    "pick_up_guard.person_id": PersonColumn(
        exported=False, on_merge=M.FIRST, on_deletion=D.DELETE, why="输错领取码的次数"
    ),
    "points_account.person_id": _mine(M.STAY, D.KEEP, "积分账户：合并时分录转给另一份档案；账目只增不改，只有编号"),
    "retained_record.person_id": PersonColumn(
        exported=False, on_merge=M.MOVE, on_deletion=D.KEEP, why="依法保存的记录：到期清除"
    ),
    "vacancy.posted_by": PersonColumn(exported=False, on_merge=M.STAY, on_deletion=D.KEEP, why="企业的岗位"),
    "enterprise.registered_by": PersonColumn(exported=False, on_merge=M.STAY, on_deletion=D.KEEP, why="企业的登记"),
    **dict.fromkeys(
        (
            "person.merged_into", "appointment.appointed_by", "application_step.by_person_id", "assisted_act.agent_id",
            "assisted_act.undone_by", "call.handled_by", "claim_code.issued_by", "claim_code.used_by",
            "content_review.decided_by", "enterprise.approved_by", "enterprise_claim.reviewed_by",
            "enterprise_licence.verified_by", "enterprise_suspension.suspended_by",
            "enterprise_suspension.appealed_by", "enterprise_suspension.answered_by", "fair_tally.counted_by", "liaison_link.confirmed_by",
            "member_invite.issued_by", "member_invite.used_by", "party_organisation.confirmed_by",
            "posting_change.proposed_by", "posting_change.decided_by", "vacancy_import.imported_by",
            "vacancy_takedown.taken_by", "vacancy_takedown.appealed_by", "vacancy_takedown.answered_by",
            "interview.proposed_by", "invitation.invited_by",
            "report.taken_by", "report.decided_by", "representation.revoked_by", "task.done_by",
            "survey_answer.recorded_by", "survey_assignment.assigned_by", "survey_household.recorded_by",
            "survey_wave.created_by", "worker_profile.minor_confirmed_by", "worker_skill.proved_by", "worker_block.blocked_by",
            "shift_order.posted_by", "order_template.created_by", "allocation_run.requested_by", "plan_pin.set_by",
            "site_mark.by_person_id", "timesheet_import.imported_by", "publishing_block.decided_by", "rating.by_person_id",
            "no_show.decided_by", "sharing_agreement.offered_by", "sharing_agreement.answered_by", "journal_entry.actor_id",
            "points_rule.proposed_by", "points_rule.recorded_by", "points_budget.recorded_by", "points_award.actor_id",
            "activity.organised_by", "activity_person.confirmed_by", "points_claim.reviewed_by", "points_claim.decided_by",
            "points_claim.appeal_answered_by", "stock_change.requested_by", "stock_change.decided_by", "redemption.fulfilled_by",
            "redemption.ended_by", "redemption.requested_by", "points_claim.submitted_by", "points_publication.published_by", "points_objection.answered_by",
            "training_shortage.decided_by", "demand_pool.quoted_by", "training_class.created_by", "training_class.approved_by",
            "class_session.trainer_id", "entry_group.made_by", "enrolment.jumped_by", "enrolment.decided_by",
            "attendance_mark.marked_by", "certificate.issued_by", "certificate.ended_by", "declaration.checked_by",
            "competition.announced_by", "competition_entry.checked_by", "competition_score.judge_id",
            "competition_objection.answered_by",
            "dispute_case.manager_id", "dispute_case.opened_by", "case_event.by_person_id", "case_note.by_person_id",
            "case_statement.by_person_id", "case_evidence.by_person_id", "case_vote.by_person_id", "panel_seat.invited_by",
            "mediation_session.set_by", "session_attendance.said_by", "case_agreement.drafted_by",
            "agreement_signature.by_person_id", "conference.called_by",
        ),
        _DONE_BY,
    ),
}  # fmt: skip
# Of these a person has one running at a time for each thing: the columns that name the thing, and the states that have
# ended. In a merge the target's running one counts; the source's stays with the old record.
ONE_RUNNING: dict[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "application": (("vacancy_id",), frozenset({"rejected", "withdrawn"})),
    "saved_vacancy": (("vacancy_id",), frozenset()),
    "report": (("subject_kind", "subject_id"), frozenset({"upheld", "dismissed"})),
    "enterprise_claim": (("enterprise_id",), frozenset({"approved", "returned"})),
    "roster_member": (("enterprise_id",), frozenset()),
    "worker_block": (("enterprise_id",), frozenset()),
    "assignment": (("shift_id",), frozenset({"released", "left", "called_off"})),
    "points_award": (("code", "cause"), frozenset()),
    "points_objection": (("line_id",), frozenset()),
    "activity_person": (("activity_id",), frozenset()),
    "settlement": (("enterprise_id", "period_start", "period_end", "part"), frozenset()),
    "training_demand": (("course_id",), frozenset({"draft", "class_created", "declined", "expired"})),
    "enrolment": (("class_id",), frozenset({"refused", "lapsed", "declined", "withdrawn", "class_cancelled"})),
    "class_feedback": (("class_id",), frozenset()),
    "declaration": (("kind", "occupation_code"), frozenset({"passed", "failed", "withdrawn"})),
    "competition_entry": (("competition_id",), frozenset()),
    "case_party": (("case_id",), frozenset()),
}
# Rows that belong to a person through another row: child column → parent table; exported and deleted with it.
CHILDREN: dict[str, str] = {
    "site_mark.assignment_id": "assignment",
    "posting.account_id": "points_account",
    "points_lot.account_id": "points_account",
    "points_hold.account_id": "points_account",
    "points_claim_photo.claim_id": "points_claim",
    "attendance_mark.enrolment_id": "enrolment",
    "declaration_paper.declaration_id": "declaration",
    "case_statement.party_id": "case_party",
    "case_evidence.party_id": "case_party",
    "settlement_line.settlement_id": "settlement",
    "timesheet_difference.timesheet_id": "timesheet",
    "application_step.application_id": "application",
    "interview.application_id": "application",
    "kept_check.application_id": "application",
    "notice_delivery.notice_id": "notice",
    "media_check.file_id": "file",
    "file_use.file_id": "file",
    "own_code.representation_id": "representation",
    "refresh_token.session_id": "login_session",
    "console_device.account_id": "console_account",
    "survey_choice.answer_id": "survey_answer",
}
# Never handed out: secrets of the machinery, or what only the machinery can read.
HIDDEN_COLUMNS = frozenset({
    "password_hash", "totp_sealed", "token_hash", "code_hash", "code_sealed", "login_code_hash", "phone_hash",
    "id_number_hash", "content_hash", "key_sealed", "object_name", "successor_hash", "before_sealed", "last_step",
})  # fmt: skip
EXPORTED_CHILDREN = frozenset(
    {
        "site_mark",
        "posting",
        "attendance_mark",
        "case_statement",
        "case_evidence",
        "declaration_paper",
        "points_lot",
        "points_hold",
        "settlement_line",
        "timesheet_difference",
        "application_step",
        "interview",
        "kept_check",
        "notice_delivery",
        "file_use",
    }
)
