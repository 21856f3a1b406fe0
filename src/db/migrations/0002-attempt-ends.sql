-- How attempts have ended so far, counted in the transaction that ends them: for /metrics, which must not count history.
create table attempt_ends (
  state attempt_state primary key check (state <> 'running'),
  ended bigint not null default 0
);
insert into attempt_ends (state) values ('success'), ('error'), ('canceled');
