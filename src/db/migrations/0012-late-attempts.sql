-- Attempts whose workflow says by when they should be over (`sla:`).

alter table attempts add column late_at timestamptz; -- null: never, or it has been told
create index attempts_late on attempts (late_at) where state = 'running' and late_at is not null;
