-- Archives that were uploaded (PUT /api/projects): what came, and what its sender asked for.

alter table deliveries
  add column source_digest text, -- the archive, in `sources`; no key: that of a declined one is collected
  add column upload json, -- {revision, scheduleFrom: instant or null, clear: 'all' or names of workflows}
  add check ((kind = 'upload') = (source_digest is not null)),
  add check ((kind = 'upload') = (upload is not null));
create index deliveries_open_sources on deliveries (source_digest) where state = 'received';

alter table deploys alter column branch drop not null; -- null: an upload is on no branch
