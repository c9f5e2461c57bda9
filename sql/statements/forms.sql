-- Calls of the forms service; what each does stands beside its function in sql/schema.sql.

-- name: open_form
select * from forms.open_form(%(link)s, %(draft)s)

-- name: keep_draft
select forms.keep_draft(%(link)s, %(draft)s, %(sealed)s) as value

-- name: submit
select forms.submit(%(link)s, %(draft)s, %(answers)s, %(is_straight_lined)s, %(pseudonym)s) as value

-- name: training_topics
select code, name_zh, name_en from forms.training_topics()

-- name: open_action
select * from forms.open_action(%(link)s)

-- name: answer_action
select forms.answer_action(%(link)s, %(choice)s, %(comment)s) as value

-- name: open_class_desk
select * from forms.open_class_desk(%(link)s)

-- name: sign_in
select forms.sign_in(%(link)s, %(slot)s, %(people)s, %(statuses)s) as value

-- name: report_incident
select forms.report_incident(
    %(link)s, %(kind)s, %(severity)s, %(learner)s, %(description)s, %(action)s, %(venue)s, %(is_closed)s
) as value

-- name: close_incident
select forms.close_incident(%(link)s, %(incident_id)s) as value

-- name: open_offer
select * from forms.open_offer(%(link)s)

-- name: answer_offer
select forms.answer_offer(%(link)s, %(is_accepted)s) as value

-- name: open_plan
select * from forms.open_plan(%(link)s)

-- name: update_plan
select forms.update_plan(%(link)s, %(instrument_code)s, %(answers)s) as value

-- name: plan_days
select * from forms.plan_days(%(link)s)

-- name: open_results
select * from forms.open_results(%(link)s)

-- name: gets_optional_mail
select forms.gets_optional_mail(%(kind)s, %(id)s) as value

-- name: set_optional_mail
select forms.set_optional_mail(%(kind)s, %(id)s, %(is_wanted)s) as value

-- name: shuffle
select forms.shuffle() as value

-- name: waves_to_take
-- Grain: one wave whose submissions may be taken now.
select wave_code from forms.waves_to_take()

-- name: take
select forms.take(%(wave_code)s) as taken_count

-- name: open_materials
select * from forms.open_materials(%(link)s, %(link_days)s)

-- name: use_material
select * from forms.use_material(%(link)s, %(link_days)s, %(asset_code)s, %(event)s, %(is_noted)s)

-- name: ask_question
select forms.ask_question(%(link)s, %(link_days)s, %(question)s, %(most)s) as value

-- name: open_dispute
select * from forms.open_dispute(%(link)s)

-- name: answer_dispute
select forms.answer_dispute(%(link)s, %(said)s, %(identity)s, %(is_contact_known)s) as value

-- name: register_pilot
select forms.register_pilot(%(link)s, %(canonical)s, %(said)s) as value

-- name: open_dispute_door
select * from forms.open_dispute_door(%(kind)s, %(id)s, %(session)s, %(days)s)

-- name: begin_dispute
select forms.begin_dispute(
    %(kind)s, %(id)s, %(session)s, %(days)s, %(head)s, %(reason)s, %(contact)s
) as value

-- name: open_points
select * from forms.open_points(%(link)s)

-- name: appeal_points
select forms.appeal_points(
    %(link)s, %(rule_code)s, %(entry_id)s, %(happened_on)s, %(quantity)s, %(words)s, %(most)s
) as value

-- name: appeal_details
select forms.appeal_details(%(id)s) as value

-- name: open_case
select * from forms.open_case(%(link)s)

-- name: write_case
select forms.write_case(
    %(link)s, %(title)s, %(situation)s, %(action)s, %(result)s, %(lesson)s, %(is_named)s
) as value

-- name: withdraw_case
select forms.withdraw_case(%(link)s) as value

-- name: case_details
select forms.case_details(%(id)s) as value
