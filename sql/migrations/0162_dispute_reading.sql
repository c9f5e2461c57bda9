-- What the papers of a dispute are made of: design logic, teams, what was done when.

grant select on core.knowledge_assets, core.departments to trainloop_statistics;
grant select (recorded_at, action, subject_kind, subject_id, detail, audit_entry_id) on ops.audit_entries to trainloop_statistics;
