"""The measurements, day by day."""
import csv
import json
from pathlib import Path

import digdag

OUT = Path("out")


def extract(source):
    """Reads the CSV file into out/days.json, and stores what the tasks after it need to know."""
    with open(source, newline="") as file:
        days = [
            {
                "date": row["date"],
                "rain": float(row["precipitation"]),
                "high": float(row["temp_max"]),
                "low": float(row["temp_min"]),
            }
            for row in csv.DictReader(file)
        ]
    OUT.mkdir(exist_ok=True)
    (OUT / "days.json").write_text(json.dumps(days))

    years = sorted({int(day["date"][:4]) for day in days})
    print(f"{len(days)} days from {days[0]['date']} to {days[-1]['date']}")
    digdag.env.store({"days": len(days), "years": years})
