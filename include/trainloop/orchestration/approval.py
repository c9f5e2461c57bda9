"""Airflow's door to a decision: one human-in-the-loop task per open approval, over the row that is the truth.

Approvals about money want several logins: each answer is a signature of whoever gave it, and the task asks on until
enough have signed.

The task parks without a slot. Every half hour it wakes, and parks again unless the row was decided by the other door,
withdrawn or expired, or another run's task took over: then it ends. An answer given here is written to the row; when
the row was decided meanwhile, that decision stands and the task says so. XCom carries ids and states only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Context, Param

APPROVE: Final = "Approve 批准"
REJECT: Final = "Send back 退回"
# Every look is a task that executes, as long as the question is open.
WAKE_EVERY: Final = timedelta(minutes=30)
COMMENT: Final = Param(
    "",
    type="string",
    title="Comment 意见",
    description="Needed when you send it back: what has to change. 退回时必填：需要修改之处。",
)


class AskApproval(HITLOperator):
    """Wait for the decision about one approval; return {"approval_id", "state", "decided_via"}."""

    # Nothing here is a template: what people wrote must never be rendered.
    template_fields = ()

    def __init__(self, *, approval_id: int, **kwargs: Any) -> None:
        # A mapped task is made anew from what it was once made of, with the params of its run: ours come last.
        form = {"subject": "Approval 审批", "options": [APPROVE, REJECT], "params": {"comment": COMMENT}}
        super().__init__(**kwargs | form | {"response_timeout": WAKE_EVERY})
        self.approval_id = approval_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Park the task, or end it when there is nothing left to ask here."""
        from trainloop.requests import approvals

        if not approvals.hold_door(self.approval_id, context["run_id"]):
            return self._result(approvals.approval(self.approval_id))
        self._say(approvals.approval(self.approval_id))
        # Raises the signal that parks the task.
        return super().execute(context)  # type: ignore[no-any-return]

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Write the answer; after a time without one, or with one that cannot be taken, ask again."""
        from trainloop.requests import approvals, signatures

        if event.get("error_type") == "timeout":
            return self.execute(context)
        chosen = event["chosen_options"]
        comment = (event.get("params_input") or {}).get("comment") or ""
        # The API takes whatever it is sent: the form's rules are checked here.
        if chosen not in ([APPROVE], [REJECT]) or not isinstance(comment, str):
            self.log.warning("The answer does not fit the form; asked again.")
            return self.execute(context)
        try:
            decided = self._decide(event, comment, is_approved=chosen == [APPROVE])
        except (approvals.CommentMissingError, signatures.SignatureRefusedError) as error:
            self.log.warning("%s Asked again.", error)
            return self.execute(context)
        return self.execute(context) if decided.state == "open" else self._result(decided)

    def _decide(self, event: dict[str, Any], comment: str, *, is_approved: bool) -> Any:
        from trainloop.requests import approvals, signatures

        user = event.get("responded_by_user") or {}
        if approvals.approval(self.approval_id).logins_needed:
            login = str(user.get("id") or "")
            return signatures.sign(self.approval_id, login, is_approved=is_approved, comment=comment)
        return approvals.decide(
            self.approval_id,
            is_approved=is_approved,
            decided_by=user.get("name") or "airflow",
            via="airflow",
            comment=comment,
        )

    def _say(self, approval: Any) -> None:
        from trainloop.config import get_site
        from trainloop.requests.words import approval_title, approval_words

        about = (approval.kind, approval.subject_id, approval.revision_number)
        words = approval_words()[approval.kind]
        zh, en = words["zh-CN"], words["en"]
        counts = "".join(f"- `{name}`: {value}\n" for name, value in sorted(approval.facts.items()))
        self.subject = f"{approval_title(*about, 'zh-CN')} · {approval_title(*about, 'en')}"
        self.body = f"{zh['why']}\n\n{en['why']}\n\n{counts}"
        users = get_site().contacts[approval.asked_of].airflow_users
        self.assigned_users = [{"id": user, "name": user} for user in users] or None

    def _result(self, approval: Any) -> dict[str, Any]:
        self.log.info("Approval %s is %s.", approval.approval_id, approval.state)
        return {
            "approval_id": approval.approval_id,
            "state": approval.state,
            "decided_via": approval.decided_via,
        }
