const WIDTH = 88
const HEIGHT = 24

/** A trend over equal spans of time, the newest last. The number it is about stands beside it. */
export function LineSpark({ values, label }: { values: readonly number[]; label: string }) {
  const line = linePath(values)
  return (
    <svg class="line-spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <path class="area" d={`${line}V${HEIGHT}H0z`} />
      <path d={line} />
    </svg>
  )
}

function linePath(values: readonly number[]): string {
  const highest = Math.max(1, ...values)
  const step = WIDTH / Math.max(1, values.length - 1)
  const points = values.map((value, index) => {
    const y = HEIGHT - 1 - (value / highest) * (HEIGHT - 3)
    return `${(index * step).toFixed(1)} ${y.toFixed(1)}`
  })
  return `M${points.join('L')}`
}
