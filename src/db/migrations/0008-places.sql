-- Files pass from task to task of an attempt in one workspace, so its tasks go to one worker: of each queue, the first that took one.

create table attempt_places (
  attempt_id bigint not null references attempts on delete cascade,
  queue text not null,
  worker_id bigint not null references workers on delete cascade,
  primary key (attempt_id, queue)
);
create index attempt_places_worker on attempt_places (worker_id);
