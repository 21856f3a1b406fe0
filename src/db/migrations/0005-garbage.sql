-- A source outlives the deploys that need it, and then goes. Which one is needed no more is asked of few at a time, by index.

alter table sources add column needed_at timestamptz not null default now(); -- when a deploy last brought it
create index sources_needed on sources (needed_at, digest);
create index revisions_source on revisions (source_digest);

alter table builds alter column source_digest drop not null; -- null: it has ended long ago
alter table builds add check (finished_at is not null or source_digest is not null);
create index builds_source on builds (source_digest) where source_digest is not null;
