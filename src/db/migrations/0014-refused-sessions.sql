alter table schedules
  add column refused_because text; -- why its next session could not be started when that was last tried
