"""
Links what people learned, taught and passed with promotion (R35, R45): points, certificates, the advisory list.

- **Reads** certificates and promotion rules, verified action plans, classes taught, published cases, appraisals.
- **Writes** the promotion points ledger `ops.point_entries` (it only grows: what was wrong gets a counter row), the
  month's list in `ops.promotion_candidates` and its PDF.
- **Mails** the HRBP, and nobody else, the list once a revision; each person their own new points with a private page,
  and a certificate that ends soon, once an expiry day.
- **Do not run it** with a past date and *Send although the date has passed* unless you want those mails to leave
  today.
- **Re-run it** whenever you like: nothing is counted twice, the same list makes no revision and no mail.

The list is advice: a person decides. How to appeal is printed on it and stands on everybody's page of points; appeals
are put to the HRBP by `chase_commitments`.

---

将学习、授课与认证成果与晋升关联（R35、R45）：加分、证书、晋升参考名单。

- **读取** 证书与晋升条件、已验证的行动计划、授课记录、入库案例、绩效等级。
- **写入** 晋升加分台账 `ops.point_entries`（只增不改：错误以冲销行更正）、
  当月名单 `ops.promotion_candidates` 及其 PDF。
- **邮件** 名单仅发 HRBP，每个版本一封；员工本人收到自己的新增加分（私人页面）和即将到期的证书提醒，每个到期日一次。
- **何时不要运行**：不要用过去的日期并勾选补发，除非确实希望这些邮件今天发出。
- **重跑**：随时可以；不会重复计分，名单不变则没有新版本和邮件。

名单仅供参考，由人决定。申诉方式印在名单上，也在每个人的加分页面上；申诉由 `chase_commitments` 转交 HRBP。
"""

from airflow.sdk import dag, task

from trainloop.orchestration.assets import PLANNED_NOTICES, announce_notices
from trainloop.orchestration.defaults import DAG_DEFAULTS, MAILING_SCAN_PARAMS, site_time
from trainloop.orchestration.runs import mailing_options
from trainloop.orchestration.tags import MAKES_PDF, SENDS_MAIL, STAGE_TRANSFER


@dag(
    **DAG_DEFAULTS,
    dag_display_name="Link talent development 人才发展联动",
    schedule=site_time("50 5 6 * *"),
    params=MAILING_SCAN_PARAMS,
    tags=[STAGE_TRANSFER, SENDS_MAIL, MAKES_PDF],
    doc_md=__doc__,
)
def link_talent_development():
    @task
    def book_points() -> dict:
        """The ledger brought up to the evidence: new entries, counter rows for what was withdrawn."""
        from trainloop.talent import evidence

        return evidence.book_evidence()

    @task
    def judge() -> dict:
        """Everybody for whom a rule holds, beside what the next level asks for."""
        from trainloop.talent import advice

        return advice.make_list()

    @task(outlets=[PLANNED_NOTICES])
    def report() -> dict:
        """The month's list as PDF, and the HRBP's mail with it."""
        from trainloop.reporting import promotion_list

        counts = promotion_list.render_list(**mailing_options())
        announce_notices(counts)
        return counts

    @task(outlets=[PLANNED_NOTICES])
    def tell_people() -> dict:
        """Each person's new points and certificates that end soon."""
        from trainloop.talent import telling

        counts = telling.tell_people(**mailing_options())
        announce_notices(counts)
        return counts

    booked = book_points()
    booked >> judge() >> report()
    booked >> tell_people()


link_talent_development()
