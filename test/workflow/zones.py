#!/usr/bin/env python3
"""Writes zones.txt: what Python's zoneinfo says of every zone from 2020 to 2037.

    pip install --target /tmp/tzdata tzdata && PYTHONPATH=/tmp/tzdata PYTHONTZPATH= python3 test/workflow/zones.py > test/workflow/zones.txt

Zones that change alike stand together, with the offset at the beginning and each instant from which another one counts.
"""
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

from tzdata import IANA_VERSION

BEGIN = datetime(2020, 1, 1, tzinfo=timezone.utc)
END = datetime(2038, 1, 1, tzinfo=timezone.utc)
STEP = timedelta(days=2)
SECOND = timedelta(seconds=1)


def offset(zone, at):
    return at.astimezone(zone).utcoffset()


def change_between(zone, before, after):
    """The first second of the new offset."""
    old = offset(zone, before)
    while after - before > SECOND:
        middle = before + (after - before) // 2 // SECOND * SECOND
        if offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def changes(zone):
    at = BEGIN
    while at < END:
        later = min(at + STEP, END)
        if offset(zone, later) != offset(zone, at):
            later = change_between(zone, at, later)
            if later < END:
                yield later, offset(zone, later)
        at = later


def show(delta):
    seconds = int(delta.total_seconds())
    return f"{'-' if seconds < 0 else '+'}{abs(seconds) // 3600:02}:{abs(seconds) // 60 % 60:02}"


def show_changes(name):
    zone = ZoneInfo(name)
    lines = [f"{at:%Y-%m-%dT%H:%M:%SZ} {show(to)}" for at, to in changes(zone)]
    return "\n".join([show(offset(zone, BEGIN)), *lines])


alike = {}
for name in sorted(available_timezones()):
    alike.setdefault(show_changes(name), []).append(name)

print(f"tzdata {IANA_VERSION} {BEGIN:%Y-%m-%dT%H:%M:%SZ} {END:%Y-%m-%dT%H:%M:%SZ}")
for text, names in sorted(alike.items(), key=lambda pair: pair[1]):
    print(f"\n{' '.join(names)}\n{text}")
