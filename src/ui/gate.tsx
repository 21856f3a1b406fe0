/** The picture on the sign-in page: the gate is lifted, water passes. */
export function Gate() {
  return (
    <aside class="view">
      <svg viewBox="0 0 760 1000" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
        <rect class="w1" x="0" y="560" width="760" height="440" />
        <path class="post" d="M200 150h44v700h-44zM516 150h44v700h-44z" />
        <path class="beam" d="M168 150h424v26H168z" />
        <path class="chain" d="M330 176v110M430 176v110" />
        <path class="gate" d="M258 286h244v196H258z" />
        <path class="plank" d="M258 335h244M258 384h244M258 433h244" />
        <path class="w2" d={`${wave(700, 16)}V1000H-240z`} />
        <path class="w3" d={`${wave(800, 14)}V1000H-240z`} />
        <path class="pour" d={wave(560, 10)} />
        <path class="pour two" d={wave(596, 10)} />
        <path class="pour three" d={wave(640, 12)} />
      </svg>
    </aside>
  )
}

/** Crests 120 wide across the picture and a bit beyond. */
export const wave = (y: number, height: number, crests = 10): string =>
  `M-240 ${y}${`q30 ${-height} 60 0t60 0`.repeat(crests)}`
