"""Statistics of the months of one year."""
import json
from pathlib import Path
from statistics import mean

OUT = Path("out")


def summarise(year):
    """Writes out/months-YEAR.json. Runs for several years at the same time, so each has a file of its own."""
    days = [day for day in json.loads((OUT / "days.json").read_text()) if day["date"].startswith(str(year))]
    months = [summary(month, days) for month in sorted({day["date"][:7] for day in days})]
    (OUT / f"months-{year}.json").write_text(json.dumps(months))


def summary(month, days):
    days = [day for day in days if day["date"].startswith(month)]
    result = {
        "month": month,
        "rain": round(sum(day["rain"] for day in days), 1),
        "rainy_days": sum(day["rain"] > 0 for day in days),
        "high": round(mean(day["high"] for day in days), 1),
        "low": round(mean(day["low"] for day in days), 1),
    }
    print("{month}  {rain:6.1f} mm on {rainy_days:2d} days  {low:5.1f} to {high:4.1f} °C".format(**result))
    return result
