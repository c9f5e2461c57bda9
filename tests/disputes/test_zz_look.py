import shutil, pathlib
from trainloop.settings import get_settings
from tests.disputes.conftest import *
from trainloop.forms import links
import json
OUT = pathlib.Path("/tmp/look"); OUT.mkdir(exist_ok=True)
def grab(court, name, path):
    for lang in ("zh-CN", "en"):
        (OUT / f"{name}-{lang}.html").write_text(court.client.get(path, params={"lang": lang}).text.replace('href="/style.css"', 'href="style.css"'))
def test_look(court, set_clock):
    (OUT/"style.css").write_text(court.client.get("/style.css").text)
    court.run("""insert into core.training_topics (topic_code,name_zh,name_en,file_id,row_number) values ('T-OBJ','异议处理','Objection handling',1,1)""")
    court.run("""insert into core.business_interviews (interview_id, department_code, interviewed_on, pain_point, topic_code, severity, file_id, row_number) values ('I1','D-PILOT','2026-02-10','客户压价时销售不会回应，丢单率上升','T-OBJ',4,1,1),('I2','D-OTHER','2026-02-12','新人背话术，不会用','T-OBJ',3,1,1)""")
    court.run("""insert into core.knowledge_assets (asset_code, kind, title_zh, title_en, course_code, version, file_id, row_number) values ('KA1','courseware','异议处理课件','Objection handling slides','C-BLEND','2.1',1,1)""")
    court.open(); court.day()
    grab(court, "statement", court.link("dispute_statement", "T1"))
    court.until_design()
    grab(court, "design", court.link("dispute_design", "hr_lead"))
    (OUT/"design-wrong-zh-CN.html").write_text(court.fill(court.link("dispute_design","hr_lead"), DESIGN | {"q_simulation_pct":"49"}).text.replace('href="/style.css"', 'href="style.css"'))
    court.run("update ops.disputes set state='withdrawn', withdrawn_reason='mistake'")
    court.until_pilot()
    grab(court, "pilot", court.link("dispute_pilot", "hr_lead"))
    court.hold_pilot(set_clock)
    said = {"q_choice": "adopt", "q_comment": "达到标准，下季度推广"}
    court.fill(court.link("dispute_decision", "hr_lead"), said); court.day()
    grab(court, "locked", court.link("dispute_pilot", "hr_lead"))
    (OUT/"sign-wrong-zh-CN.html").write_text(court.fill(court.link("sign_agreed_plan","B1"), {"q_choice":"sign","identity":"E1"}).text.replace('href="/style.css"', 'href="style.css"'))
    grab(court, "sign", court.link("sign_agreed_plan", "T1"))
    for person, identity in (("hr_lead", "HR@example.com"), ("T1", "e1"), ("B1", "B1")):
        p = court.link("sign_agreed_plan", person)
        court.fill(p, {"q_choice": "sign", "identity": identity})
    grab(court, "signed", p)
    court.day()
    grab(court, "door", f"/o/{links.door_token('trainer', 'T1', '2026-P1')}")
    from trainloop.outbox.composer import compose_due
    compose_due()
    import email, email.policy
    for n, row in enumerate(court.run("select template, locale, mime_bytes from ops.messages order by message_id")):
        m = email.message_from_bytes(row["mime_bytes"], policy=email.policy.default)
        b = m.get_body(("html",))
        (OUT/f"mail-{n:02d}-{row['template']}-{row['locale']}.html").write_text(b.get_content())
        print(row["template"], m["Subject"])
    root = pathlib.Path(str(get_settings().home)) 
    for f in root.rglob("*.pdf"): shutil.copy(f, OUT / f"{f.parent.parent.name}-{f.name[:11]}-{f.parent.name}.pdf")
