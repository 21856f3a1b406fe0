-- Images that other hosts pull.

alter table images add column digest text check (digest ~ '^sha256:[0-9a-f]{64}$'); -- of the manifest in the registry; null: it is not there
alter table base_images add column digest text check (digest ~ '^sha256:[0-9a-f]{64}$');
create index builds_key on builds (image_key, id desc);
