-- Who ---------------------------------------------------------------------------------------------------------------

create table users (
  id bigint generated always as identity primary key,
  name text not null unique check (name ~ '^[a-z][a-z0-9_-]{0,62}$'),
  password_hash text not null, -- argon2id, PHC string
  created_at timestamptz not null
);

-- Browsers that signed in. The cookie holds the token, the row its SHA-256.
create table sign_ins (
  token_hash bytea primary key check (length(token_hash) = 32),
  user_id bigint not null references users on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

-- Wrong passwords of the last minutes, by name and address: after a few a pause (app/check-password.ts).
create table sign_in_tries (
  name text not null,
  address text not null,
  wrong int not null check (wrong > 0),
  last_at timestamptz not null,
  primary key (name, address)
);
create index sign_in_tries_last on sign_in_tries (last_at);

create table tokens (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  name text not null,
  token_hash bytea not null unique check (length(token_hash) = 32),
  created_at timestamptz not null,
  last_used_at timestamptz,
  unique (user_id, name)
);

-- One row per installation: facts that must outlive a restart.
create table installation (
  is_only boolean primary key default true check (is_only),
  name text not null, -- in labels and names of containers
  environment text, -- SLUICE_ENVIRONMENT of the web that started last
  engine_seen_at timestamptz -- a Docker engine was used once: never fall back to the process executor again
);

-- Which web keeps the time: sweeps, and starts schedules. A second one would do no harm, only the same again.
create table time_keeper (
  is_only boolean primary key default true check (is_only),
  holder uuid not null,
  until timestamptz not null -- by the database's clock
);

-- Logs: of deploys, builds and runs of tasks -------------------------------------------------------------------------

-- `taken` counts the bytes of the source that were consumed, `stored_bytes` what is in the chunks (they differ past the cap).
create table logs (
  id bigint generated always as identity primary key,
  taken bigint not null default 0,
  stored_bytes bigint not null default 0,
  next_seq int not null default 0,
  truncated boolean not null default false,
  closed_at timestamptz
);

create table log_chunks (
  log_id bigint not null references logs on delete cascade,
  seq int not null,
  at timestamptz not null,
  bytes bytea not null, -- gzip
  raw_bytes int not null check (raw_bytes > 0),
  primary key (log_id, seq)
);

-- Projects and what they are made of ---------------------------------------------------------------------------------

create table projects (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 255),
  branch text, -- the branch that deploys; null until the first push or link decides
  builder jsonb not null default '{}', -- {kind?: auto|dockerfile|none, path?, args?}
  current_revision_id bigint,
  next_revision int not null default 1,
  created_at timestamptz not null,
  deleted_at timestamptz
);
create unique index projects_name on projects (name) where deleted_at is null;

-- Sealed columns: AES-256-GCM under the installation's key, which is not in the database.
create table links (
  project_id bigint primary key references projects on delete cascade,
  url text not null,
  webhook_secret bytea not null, -- sealed
  deploy_key bytea, -- sealed private key, for ssh urls
  deploy_key_public text,
  host_keys text, -- known_hosts lines pinned at `link`
  created_at timestamptz not null,
  created_by text not null
);

-- A revision's files: tar.gz, content-addressed, in rows of at most 1 MiB.
create table sources (
  digest text primary key check (digest ~ '^sha256:[0-9a-f]{64}$'),
  bytes bigint not null,
  md5 text not null, -- base64, as Digdag's API shows it
  created_at timestamptz not null
);
create table source_chunks (
  digest text not null references sources on delete cascade,
  seq int not null,
  bytes bytea not null check (length(bytes) <= 1048576),
  primary key (digest, seq)
);
alter table source_chunks alter column bytes set storage external;

create type delivery_kind as enum ('push', 'webhook', 'upload');
create type delivery_state as enum ('received', 'ignored', 'deployed', 'declined', 'failed');
create table deliveries (
  id bigint generated always as identity primary key,
  project_id bigint not null references projects,
  kind delivery_kind not null,
  provider text, -- github, ... for webhooks
  external_id text, -- X-GitHub-Delivery
  event text,
  ref text,
  old_commit text,
  new_commit text,
  pushed_by text,
  push_options json not null default '[]',
  headers json,
  body bytea, -- raw bytes of a webhook
  state delivery_state not null default 'received',
  reason text, -- why ignored, declined or failed, in one line
  received_at timestamptz not null,
  settled_at timestamptz,
  check ((state = 'received') = (settled_at is null)),
  check ((kind = 'webhook') = (external_id is not null)),
  unique (project_id, provider, external_id) -- by project: whoever knows one project's secret must not use up the ids of another
);
create index deliveries_project on deliveries (project_id, id desc);

create type deploy_state as enum ('waiting', 'fetching', 'checking', 'building', 'releasing', 'live', 'declined', 'failed', 'replaced');
create table deploys (
  id bigint generated always as identity primary key,
  project_id bigint not null references projects,
  delivery_id bigint not null references deliveries unique,
  branch text not null,
  old_commit text, -- what the ref was; null: the branch is new
  new_commit text, -- null until fetched (webhook)
  state deploy_state not null default 'waiting',
  log_id bigint not null references logs,
  build_id bigint,
  revision_id bigint,
  problem text, -- one line for lists; the log has the rest
  owner text, -- the web that works on it: host/pid
  epoch bigint not null default 0,
  lease_until timestamptz,
  created_at timestamptz not null,
  finished_at timestamptz,
  settled_at timestamptz, -- it has ended and its branch points where it should: the next deploy of the branch may begin
  check (settled_at is null or finished_at is not null),
  check ((state in ('live', 'declined', 'failed', 'replaced')) = (finished_at is not null)),
  check ((state = 'live') = (revision_id is not null))
);
create index deploys_project on deploys (project_id, id desc);
create index deploys_open on deploys (project_id, branch, id) where settled_at is null;

-- Images and their builds. One open build a key: pushes that need the same image wait for the same build.
create table images (
  key text primary key check (key ~ '^[0-9a-f]{64}$'),
  tag text not null,
  image_id text not null, -- of the engine that built it
  bytes bigint,
  built_at timestamptz not null,
  last_used_at timestamptz not null
);
-- What the engines' base images are: a worker tells it when it starts, so that a web can key an image without an engine.
create table base_images (
  name text primary key,
  image_id text not null,
  seen_at timestamptz not null
);
create type build_state as enum ('queued', 'running', 'success', 'error');
create table builds (
  id bigint generated always as identity primary key,
  image_key text not null,
  project_id bigint not null references projects,
  source_digest text not null references sources,
  plan json not null, -- environment/plan.ts: Plan
  state build_state not null default 'queued',
  log_id bigint not null references logs,
  problem text,
  worker_id bigint,
  epoch bigint not null default 0,
  lease_until timestamptz,
  created_at timestamptz not null,
  finished_at timestamptz,
  check ((state in ('success', 'error')) = (finished_at is not null)),
  check ((state = 'running') = (lease_until is not null))
);
create unique index builds_open on builds (image_key) where state in ('queued', 'running');
create index builds_queued on builds (id) where state = 'queued';

create table revisions (
  id bigint generated always as identity primary key,
  project_id bigint not null references projects,
  number int not null,
  name text not null check (length(name) between 1 and 255),
  commit text,
  message text,
  author text,
  source_digest text not null references sources,
  image_key text, -- null: no image is needed (process executor only)
  plan json not null,
  created_at timestamptz not null,
  created_by text not null,
  unique (project_id, number),
  unique (project_id, name)
);
alter table projects add foreign key (current_revision_id) references revisions;
alter table deploys add foreign key (revision_id) references revisions;

create table workflows (
  id bigint generated always as identity primary key,
  project_id bigint not null references projects,
  revision_id bigint not null references revisions,
  name text not null,
  timezone text not null,
  config json not null, -- order of keys is meaning
  unique (revision_id, name)
);
create index workflows_project on workflows (project_id, name);

create table schedules (
  id bigint generated always as identity primary key,
  project_id bigint not null references projects,
  workflow_id bigint not null references workflows,
  workflow_name text not null,
  next_run_at timestamptz not null,
  next_session_time timestamptz not null,
  last_session_time timestamptz,
  disabled_at timestamptz,
  held_at timestamptz, -- it missed more sessions than are made up by themselves: waits for a person
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (project_id, workflow_name)
);
create index schedules_due on schedules (next_run_at) where disabled_at is null and held_at is null;

-- What runs ----------------------------------------------------------------------------------------------------------

create table sessions (
  id bigint generated always as identity primary key,
  project_id bigint not null references projects,
  workflow_name text not null,
  session_time timestamptz not null,
  uuid uuid not null default gen_random_uuid(),
  last_attempt_id bigint,
  unique (project_id, workflow_name, session_time)
);

create type attempt_state as enum ('running', 'success', 'error', 'canceled');
create table attempts (
  id bigint generated always as identity primary key,
  session_id bigint not null references sessions,
  project_id bigint not null references projects,
  workflow_id bigint not null references workflows,
  revision_id bigint not null references revisions,
  index int not null, -- 1.. in its session
  retry_name text not null default '',
  params json not null default '{}',
  started_by text not null, -- `schedule`, or a user's name
  resumed_from bigint references attempts,
  state attempt_state not null default 'running',
  cancel_requested_at timestamptz,
  cancel_requested_by text,
  created_at timestamptz not null,
  finished_at timestamptz,
  task_count int not null default 0, -- maintained, for SLUICE_MAX_TASKS
  check ((cancel_requested_at is null) = (cancel_requested_by is null)),
  check ((state = 'running') = (finished_at is null)),
  unique (session_id, retry_name),
  unique (session_id, index)
);
alter table sessions add foreign key (last_attempt_id) references attempts;
create index attempts_project on attempts (project_id, id desc);
create index attempts_workflow on attempts (workflow_id, id desc);
create index attempts_open on attempts (id) where state = 'running';

-- Limits that are claimed: `used < limit` in one guarded update, never by counting.
create table limits (
  name text primary key,
  used bigint not null default 0 check (used >= 0)
);
insert into limits (name) values ('active_attempts');

create table workers (
  id bigint generated always as identity primary key,
  name text not null unique, -- stable over restarts: host and the folder it locked
  host text not null,
  pid int not null,
  executor text not null check (executor in ('docker', 'process')),
  engine text, -- version of the Docker engine
  slots int not null check (slots > 0),
  queues text[] not null,
  started_at timestamptz not null,
  heard_at timestamptz not null,
  stopped_at timestamptz, -- null while it should be heard
  processed bigint not null default 0,
  failed bigint not null default 0
);

create type task_state as enum ('blocked', 'ready', 'retry_waiting', 'group_retry_waiting', 'running', 'planned', 'unknown', 'success', 'error', 'group_error', 'canceled');
create table tasks (
  id bigint generated always as identity primary key,
  attempt_id bigint not null references attempts,
  parent_id bigint references tasks,
  full_name text not null, -- +workflow+a^sub+loop-0
  kind text not null check (kind in ('group', 'operator')),
  config json not null, -- local, unevaluated, without _export
  static_export json not null default '{}',
  export_params json not null default '{}', -- made at run time
  store_params json not null default '{}',
  has_store boolean not null default false, -- something in store_params or reset_params
  reset_params json not null default '[]', -- dotted paths
  state_params json not null default '{}', -- retry_count, and what a polling operator keeps
  upstreams bigint[] not null default '{}',
  is_initial boolean not null, -- of its parent's own tree, and copied when that is retried; false: generated (^sub, ^check, ^error)
  is_superseded boolean not null default false, -- a retry of its parent has replaced it: it counts no more
  is_delayed_error boolean not null default false, -- failed already, its `^error` tasks run first
  is_cancel_requested boolean not null default false,
  is_retryable boolean not null default true, -- may be started (again) when its worker is lost; settled before its command starts
  retry json, -- of the newest start: attempt/retry.ts: RetryPolicy
  queue text not null default 'default',
  state task_state not null,
  epoch bigint not null default 0, -- the fence
  starts int not null default 0,
  worker_id bigint references workers,
  lease_until timestamptz,
  log_id bigint references logs, -- of the newest start
  error json, -- {message, stacktrace?}
  exit_cause text, -- in words: exited with 3, out of memory at 512 MiB, killed by ana, lost with host b
  decided_by text, -- who decided an unknown one
  ready_at timestamptz,
  retry_at timestamptz,
  started_at timestamptz,
  changed_at timestamptz not null,
  next_check_at timestamptz, -- when the sweep looks at it again; null: nothing to look for
  check ((state = 'running') = (lease_until is not null)),
  check ((state in ('retry_waiting', 'group_retry_waiting')) = (retry_at is not null)),
  check (state <> 'ready' or ready_at is not null),
  check (state <> 'running' or worker_id is not null),
  check (kind = 'operator' or state not in ('ready', 'running', 'retry_waiting', 'unknown', 'error'))
);
create index tasks_attempt on tasks (attempt_id, id);
create index tasks_children on tasks (parent_id, id);
create index tasks_ready on tasks (queue, ready_at, id) where state = 'ready';
create index tasks_silent on tasks (next_check_at) where state = 'ready';
create index tasks_check on tasks (next_check_at) where next_check_at is not null and state <> 'ready';
create index tasks_worker on tasks (worker_id) where state in ('running', 'unknown');
-- What a decision asks of a group, however wide it is: is a child open, has one failed, which can begin.
create index tasks_open on tasks (parent_id) where state in ('ready', 'retry_waiting', 'group_retry_waiting', 'running', 'planned', 'unknown');
create index tasks_failed on tasks (parent_id) where state in ('error', 'group_error', 'canceled');
create index tasks_heads on tasks (parent_id) where state = 'blocked' and upstreams = '{}';
create index tasks_waiting on tasks using gin (upstreams) with (fastupdate = off) where state = 'blocked';
create index tasks_attempt_open on tasks (attempt_id, id) where state in ('ready', 'retry_waiting', 'group_retry_waiting', 'running', 'planned', 'unknown');
create index tasks_stores on tasks (attempt_id, id) where has_store;

-- A resumed attempt's generated tasks that need not run again, until their generator asks for them.
create table kept_tasks (
  attempt_id bigint not null references attempts,
  full_name text not null,
  task_id bigint not null references tasks,
  primary key (attempt_id, full_name)
);

-- Every start of a task: its tries, with a log each.
create table task_runs (
  task_id bigint not null references tasks,
  epoch bigint not null,
  worker_id bigint not null references workers,
  log_id bigint not null references logs,
  started_at timestamptz not null,
  finished_at timestamptz,
  outcome text, -- success, error, canceled, lost, retry
  exit_cause text,
  primary key (task_id, epoch)
);
