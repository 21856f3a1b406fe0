"""The chart and the page, with nothing but Python's own library."""
import json
from html import escape
from pathlib import Path

import digdag

OUT = Path("out")

WIDTH, LEFT, RIGHT = 960, 56, 16
WARM_TOP, WARM_BOTTOM, WARMEST = 24, 204, 32  # °C, from 0
RAIN_TOP, RAIN_BOTTOM, WETTEST = 236, 356, 300  # mm, from 0

STYLE = """
  svg { font: 12px system-ui, sans-serif; color: light-dark(#0f1a20, #e8eff2); color-scheme: light dark }
  text { fill: light-dark(#586770, #8fa0a9) } line { stroke: light-dark(#d9e2e6, #233037) }
  .title { fill: currentColor; font-weight: 600 }
  .band { fill: light-dark(#f3c26b, #b57f1f) } .rain { fill: light-dark(#3a9cc4, #3f9fc6) }
"""
PAGE_STYLE = """
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  svg { width: 100%; height: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
  th, td { padding: .25rem 1rem .25rem 0; text-align: right; border-bottom: 1px solid #8884 }
  th:first-child, td:first-child { text-align: left }
"""


def draw():
    """out/chart.svg: above the mean low and high of each month, below its rain."""
    months = read_months()
    step = (WIDTH - LEFT - RIGHT) / len(months)
    parts = [*scale(range(0, WARMEST + 1, 10), warm, "°C"), *scale(range(0, WETTEST + 1, 100), rain, "mm")]
    for index, month in enumerate(months):
        x = LEFT + index * step
        if month["month"].endswith("-01"):
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{WARM_TOP}" y2="{RAIN_BOTTOM}"/>')
            parts.append(f'<text x="{x + 4:.1f}" y="{RAIN_BOTTOM + 18}">{month["month"][:4]}</text>')
        parts.append(bar("band", x, step, warm(month["high"]), warm(month["low"]), month))
        parts.append(bar("rain", x, step, rain(month["rain"]), rain(0), month))
    parts.append(f'<text class="title" x="{LEFT}" y="14">Mean low to mean high of each month</text>')
    parts.append(f'<text class="title" x="{LEFT}" y="{RAIN_TOP - 10}">Rain of each month</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {RAIN_BOTTOM + 28}" role="img">'
    lines = [head, "<title>Seattle’s weather by month</title>", f"<style>{STYLE}</style>", *parts, "</svg>"]
    (OUT / "chart.svg").write_text("\n".join(lines) + "\n")
    print(f"out/chart.svg shows {len(months)} months")


def warm(degrees):
    return WARM_BOTTOM - (WARM_BOTTOM - WARM_TOP) * degrees / WARMEST


def rain(millimetres):
    return RAIN_BOTTOM - (RAIN_BOTTOM - RAIN_TOP) * millimetres / WETTEST


def scale(values, place, unit):
    for value in values:
        y = place(value)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value} {unit}</text>'


def bar(kind, x, step, top, bottom, month):
    return (
        f'<rect class="{kind}" x="{x + 2:.1f}" y="{top:.1f}" width="{step - 4:.1f}" height="{bottom - top:.1f}" rx="2">'
        f"<title>{words(month)}</title></rect>"
    )


def write():
    """out/report.html: the chart and a table of the years."""
    months = read_months()
    wettest = max(months, key=lambda month: month["rain"])
    warmest = max(months, key=lambda month: month["high"])
    rows = "\n".join(year_row(year, months) for year in sorted({month["month"][:4] for month in months}))
    page = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Seattle’s weather</title>
<style>{PAGE_STYLE}</style>
<h1>Seattle’s weather</h1>
<p>Wettest: {words(wettest)}.<br>Warmest: {words(warmest)}.</p>
{(OUT / "chart.svg").read_text()}
<table>
<tr><th>Year</th><th>Rain, mm</th><th>Rainy days</th><th>Warmest month</th></tr>
{rows}
</table>
<p><small>Measurements: NOAA National Climatic Data Center.</small></p>
</html>
"""
    (OUT / "report.html").write_text(page)
    print(f"out/report.html has {len(page)} bytes")
    digdag.env.store({"wettest": wettest["month"], "warmest": warmest["month"]})


def year_row(year, months):
    months = [month for month in months if month["month"].startswith(year)]
    warmest = max(months, key=lambda month: month["high"])
    cells = [year, f"{sum(m['rain'] for m in months):.0f}", sum(m["rainy_days"] for m in months), warmest["month"]]
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"


def words(month):
    return escape("{month}: {rain} mm of rain on {rainy_days} days, {low} to {high} °C".format(**month))


def read_months():
    return [month for path in sorted(OUT.glob("months-*.json")) for month in json.loads(path.read_text())]
