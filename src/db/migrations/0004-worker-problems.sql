-- A worker may take nothing new for a while.

alter table workers add column problem text; -- why, in a sentence that says how it goes on; null: it takes some
