import { readdir, readFile } from 'node:fs/promises'
import { type Family, gauge } from './prometheus.ts'

const startedAt = Date.now() / 1000

/** This process, by the names that boards for any program know. Without a value a metric is left out. */
export async function processFamilies(): Promise<readonly Family[]> {
  const { user, system } = process.cpuUsage()
  const { virtualBytes, openFiles, mostFiles } = process.platform === 'linux' ? await readProc() : {}
  const cpu = samplesOf((user + system) / 1e6)
  return [
    gauge('process_virtual_memory_bytes', 'Address space of this process.', samplesOf(virtualBytes)),
    gauge('process_resident_memory_bytes', 'Memory of this process.', samplesOf(process.memoryUsage.rss())),
    gauge('process_start_time_seconds', 'When this process was started.', samplesOf(startedAt)),
    { name: 'process_cpu_seconds_total', help: 'CPU time of this process.', type: 'counter', samples: cpu },
    gauge('process_open_fds', 'Files that this process has open.', samplesOf(openFiles)),
    gauge('process_max_fds', 'Files that it may have open.', samplesOf(mostFiles)),
  ]
}

const samplesOf = (value: number | undefined): Family['samples'] => (value === undefined ? [] : [{ value }])

type Proc = { readonly virtualBytes?: number; readonly openFiles?: number; readonly mostFiles?: number }

async function readProc(): Promise<Proc> {
  const [status, limits, files] = await Promise.all([
    readFile('/proc/self/status', 'utf8'),
    readFile('/proc/self/limits', 'utf8'),
    readdir('/proc/self/fd'),
  ])
  const [, virtualKib] = /^VmSize:\s+(\d+)/m.exec(status) ?? []
  const [, mostFiles] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
  return {
    openFiles: files.length,
    ...(virtualKib !== undefined && { virtualBytes: Number(virtualKib) * 1024 }),
    ...(mostFiles !== undefined && { mostFiles: Number(mostFiles) }),
  }
}
