// A process that hears one ring, says so, and never comes back from its look. Arguments: backend, url, namespace, queue.
const [backend, url, namespace, queue] = process.argv.slice(2)
const { openPostgresWakeUps } = await import('../../dist/queue/postgres.js')
const { openRedisWakeUps } = await import('../../dist/queue/redis.js')
const open = backend === 'redis' ? openRedisWakeUps : openPostgresWakeUps
const wakeUps = await open(url, { namespace, report: console.error })
wakeUps.hear([queue], () => {
  console.log('looking')
  return new Promise(() => {})
})
