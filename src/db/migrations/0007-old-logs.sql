-- The text of a log goes after a while; that it was there stays. Which one is next is asked of few at a time, in the order in which they were begun.

alter table logs add column removed_at timestamptz;
create index logs_kept on logs (id) where removed_at is null;
