import { describe, expect, it } from 'vitest'
import type { AttemptId } from '../../src/brand.ts'
import { containerSpec } from '../../src/environment/container-spec.ts'

describe('the container of an attempt', () => {
  it('asks for exactly this, whatever a project says', () => {
    const needs = {
      attemptId: '1841' as AttemptId,
      image: 'sha256:ab',
      installation: 'i1',
      user: '10001:10001',
      workspace: '/w/1841/workspace',
      spool: '/w/1841/spool',
      agent: '/w/agent',
      network: 'sluice-tasks',
      isRootReadOnly: true,
      memoryBytes: 512 * 2 ** 20,
      cpus: 0.1,
      pids: 512,
      env: { HTTPS_PROXY: 'http://proxy:3128' },
      orphanTicks: 450,
    }
    expect(containerSpec(needs)).toEqual({
      Image: 'sha256:ab',
      Entrypoint: ['/bin/sh', '/agent'],
      Cmd: ['/spool', '450'],
      StopSignal: 'SIGTERM',
      Healthcheck: { Test: ['NONE'] },
      Env: ['HOME=/workspace', 'TMPDIR=/workspace/.tmp', 'HTTPS_PROXY=http://proxy:3128'],
      WorkingDir: '/workspace',
      User: '10001:10001',
      OpenStdin: true,
      StdinOnce: false,
      Labels: { 'sluice.installation': 'i1', 'sluice.attempt': '1841' },
      HostConfig: {
        Binds: ['/w/1841/workspace:/workspace', '/w/1841/spool:/spool', '/w/agent:/agent:ro'],
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        ReadonlyRootfs: true,
        Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m' },
        NetworkMode: 'sluice-tasks',
        IpcMode: 'private',
        Init: true,
        Memory: 536_870_912,
        MemorySwap: 536_870_912,
        NanoCpus: 100_000_000,
        PidsLimit: 512,
        OomScoreAdj: 100,
        Ulimits: [
          { Name: 'nofile', Soft: 4096, Hard: 4096 },
          { Name: 'core', Soft: 0, Hard: 0 },
        ],
        LogConfig: { Type: 'none', Config: {} },
        RestartPolicy: { Name: 'no' },
        AutoRemove: false,
      },
    })
  })
})
