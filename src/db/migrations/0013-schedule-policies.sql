alter table schedules
  add column environments text[], -- where it runs; null: everywhere
  add column waiting_since timestamptz, -- its next session waits until no attempt of the workflow runs
  add column made_up int not null default 0, -- sessions since it was last on time
  add column make_up_until timestamptz; -- a person wants all that was due until then

-- The last ones of each schedule, and why.
create table skipped_sessions (
  schedule_id bigint not null references schedules on delete cascade,
  session_time timestamptz not null,
  because text not null check (because in ('late', 'running', 'replaced', 'missed')),
  skipped_at timestamptz not null,
  primary key (schedule_id, session_time)
);

create index attempts_running on attempts (project_id) where state = 'running';
