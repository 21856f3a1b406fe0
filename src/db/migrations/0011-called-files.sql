-- What a check read of the files that workflows call, by path: their graphs are drawn before anything runs.

alter table revisions add column called json not null default '{}';
