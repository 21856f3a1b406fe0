-- What to do next about a build that failed: not every one is the project's fault.

alter table builds add column hint text;
