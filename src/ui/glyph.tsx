import { raw } from 'hono/html'

/** Shapes on a 16 px field. `gf` is filled, `cut` shows the ground through. Written by us, so they need no escaping. */
const GLYPHS = {
  blocked: '<circle cx="8" cy="8" r="6.2" stroke-dasharray="2.4 2.5"/>',
  cancel: '<circle cx="8" cy="8" r="6.2"/><path d="m3.8 12.2 8.4-8.4"/>',
  dup: '<circle cx="6" cy="8" r="4.6"/><path d="M9.3 3.7a4.6 4.6 0 1 1 0 8.6"/>',
  fail: '<path class="gf" d="M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2z"/><path class="cut" d="m5.7 5.7 4.6 4.6m0-4.6-4.6 4.6"/>',
  'group-fail': '<path d="M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2z"/><path d="m5.9 5.9 4.2 4.2m0-4.2-4.2 4.2"/>',
  'group-retry':
    '<path d="M14 8.4A6.1 6.1 0 1 1 12.3 3.7"/><path d="M12.7 1v3.1H9.6"/><circle class="gf" cx="8" cy="8" r="1.6"/>',
  late: '<circle cx="8" cy="8" r="6.2"/><path d="M8 4.5V8l2.4 1.6"/>',
  live: '<path class="gf" d="M8 .8c2.8 3.6 4.9 5.9 4.9 8.8a4.9 4.9 0 0 1-9.8 0C3.1 6.7 5.2 4.4 8 .8z"/>',
  ok: '<circle class="gf" cx="8" cy="8" r="7"/><path class="cut" d="m4.9 8.3 2.2 2.2 4.1-4.6"/>',
  passed: '<circle cx="8" cy="8" r="6.2"/><path d="M5.5 8h5"/>',
  paused: '<circle cx="8" cy="8" r="6.2"/><path d="M6.5 5.8v4.4m3-4.4v4.4"/>',
  planned: '<circle cx="8" cy="8" r="6.2"/><path d="M5 8h.01M8 8h.01M11 8h.01" stroke-width="2"/>',
  ready: '<circle cx="8" cy="8" r="6.2"/><path class="gf" d="M6.6 5.2v5.6L11 8z"/>',
  retry: '<path d="M14 8.4A6.1 6.1 0 1 1 12.3 3.7"/><path d="M12.7 1v3.1H9.6"/>',
  run: '<circle cx="8" cy="8" r="6.2"/><path class="gf" d="M2.9 8.5c1.7-1.5 3.4-1.5 5.1 0s3.4 1.5 5.1 0A5.1 5.1 0 0 1 2.9 8.5z"/>',
  unknown:
    '<path class="gf" d="m8 .6 7.4 7.4L8 15.4.6 8z"/><path class="cut" d="M6.2 6.4a1.8 1.8 0 1 1 2.7 1.5c-.6.4-.9.7-.9 1.3M8 11.4h.01"/>',
  warn: '<path d="M8 1.8 15 14H1z"/><path d="M8 6.2v3.6M8 11.9h.01"/>',
} as const

const ICONS = {
  back: '<path d="M6 3 2.5 6.5 6 10M2.5 6.500H10a3.5 3.5 0 0 1 0 7H6.5"/>',
  bulb: '<path d="M5.8 11.200c0-1.5-1.8-2.3-1.8-4.700a4 4 0 0 1 8 0c0 2.4-1.8 3.2-1.8 4.700zM6.3 13.800h3.4"/>',
  chev: '<path d="m6 3.5 4.5 4.500L6 12.5"/>',
  clock: '<circle cx="8" cy="8" r="6"/><path d="M8 4.800V8l2.2 1.5"/>',
  commit: '<circle cx="8" cy="8" r="2.6"/><path d="M1.5 8h3.900M10.6 8h3.9"/>',
  copy: '<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.500v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2"/>',
  down: '<path d="M8 2.500v8M4.5 7.5 8 11l3.5-3.500M3 13.500h10"/>',
  inbox: '<path d="M2 9.5 4 3h8l2 6.5V13H2z"/><path d="M2 9.5h3.6c.3 1.3 1.2 2 2.4 2s2.1-.7 2.4-2H14"/>',
  key: '<circle cx="5" cy="11" r="3"/><path d="m7.200 8.800 5.800-5.800M10.5 5.5l2 2M12 4l1.500 1.500"/>',
  link: '<path d="M6.5 9.5l3-3M7 4.500l1.500-1.500a3 3 0 0 1 4.500 4.500L11.500 9M9 11.500 7.500 13A3 3 0 0 1 3 8.500L4.500 7"/>',
  menu: '<path d="M2.5 4.500h11M2.5 8h11M2.5 11.500h11"/>',
  moon: '<path d="M13.5 9.500A5.8 5.8 0 0 1 6.5 2.500a5.8 5.8 0 1 0 7 7z"/>',
  more: '<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2"/>',
  overview: '<path d="M2 9.5c2-2 4-2 6 0s4 2 6 0M2 13c2-2 4-2 6 0s4 2 6 0"/><path d="M3 6V2.5h10V6"/>',
  play: '<path d="M5 3.200v9.600L12.8 8z"/>',
  plus: '<path d="M8 3v10M3 8h10"/>',
  projects: '<path d="M2.5 4.5 8 2l5.5 2.5v7L8 14l-5.5-2.5z"/><path d="M2.5 4.5 8 7l5.5-2.5M8 7v7"/>',
  retry: '<path d="M13.5 8.300A5.5 5.5 0 1 1 12 4.200M12.3 1.800v2.800H9.5"/>',
  screen: '<rect x="2" y="3" width="12" height="8" rx="1.2"/><path d="M6 13.500h4"/>',
  stop: '<rect x="4" y="4" width="8" height="8" rx="1.2"/>',
  sun: '<circle cx="8" cy="8" r="2.8"/><path d="M8 1.500v1.300M8 13.200v1.300M1.5 8h1.300M13.2 8h1.300M3.4 3.400l.9.9M11.7 11.700l.9.9M12.6 3.400l-.9.9M4.3 11.700l-.9.9"/>',
  term: '<path d="m3 4.5 3.5 3.500L3 11.500M8.5 12H13"/>',
  workers:
    '<rect x="2" y="2.5" width="12" height="4.5" rx="1.2"/><rect x="2" y="9" width="12" height="4.5" rx="1.2"/><path d="M4.6 4.75h.01M4.6 11.25h.01M9 4.75h2.5M9 11.25h2.5"/>',
  x: '<path d="m4 4 8 8m0-8-8 8"/>',
} as const

export type GlyphName = keyof typeof GLYPHS
export type IconName = keyof typeof ICONS
export type Tone = 'ok' | 'fail' | 'run' | 'retry' | 'late' | 'lost' | 'still'

const symbols = (prefix: string, shapes: Readonly<Record<string, string>>) =>
  Object.entries(shapes).map(([name, shape]) => `<symbol id="${prefix}-${name}" viewBox="0 0 16 16">${shape}</symbol>`)

const SPRITE = [...symbols('s', GLYPHS), ...symbols('i', ICONS)].join('')

/** Once in a page, before any glyph of it. */
export function Sprite() {
  return (
    <svg class="sprite" aria-hidden="true">
      {raw(SPRITE)}
    </svg>
  )
}

/** A state's shape. Never alone: its word stands beside it, or is read out. */
export function Glyph({ name, tone }: { name: GlyphName; tone: Tone }) {
  return (
    <svg class={`glyph is-${tone}`} aria-hidden="true">
      <use href={`#s-${name}`} />
    </svg>
  )
}

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  )
}
