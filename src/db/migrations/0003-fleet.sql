-- What the page of workers and Flower's clients are told. Each worker counts as it works and tells with its beat: nobody looks through history for it.

alter table workers
  add column version text, -- of Sluice
  add column draining_at timestamptz, -- since then it claims nothing more, and stops when what runs has ended
  add column load_average float8[] not null default '{}', -- of its host: 1, 5, 15 min
  add column usage json not null default '{}', -- process.resourceUsage()
  add column beats bigint not null default 0,
  add column started bigint not null default 0,
  add column succeeded bigint not null default 0,
  add column retried bigint not null default 0;

-- By worker and line of a workflow (attempt/task-type.ts): turns of a loop count as one.
create table task_totals (
  worker_id bigint not null references workers on delete cascade,
  task text not null,
  started bigint not null default 0,
  succeeded bigint not null default 0,
  failed bigint not null default 0,
  retried bigint not null default 0,
  canceled bigint not null default 0,
  runtime_seconds float8 not null default 0, -- of those that succeeded
  runtime_counts bigint[] not null, -- of those that succeeded, by attempt/runtime.ts: RUNTIME_BOUNDS; the last: longer than all of them
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (worker_id, task)
);
create index task_totals_changed on task_totals (changed_at);

-- What came out of each queue, minute by minute, for some hours.
create table queue_minutes (
  queue text not null,
  minute timestamptz not null,
  finished bigint not null,
  primary key (queue, minute)
);
create index queue_minutes_minute on queue_minutes (minute);
