import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  containerName,
  getEngine,
  openStage,
  placeOf,
  runOf,
  runToEnd,
  type Stage,
  shell,
  unpackHello,
} from '../support/executors.ts'

describe('a task in its container', () => {
  let stage: Stage
  let task = 0
  const probe = async (script: string) => {
    task += 1
    const { output } = await runToEnd(stage.executor, runOf('1', String(task)), shell(script))
    return output.trim()
  }
  beforeAll(async () => {
    stage = await openStage('docker', {
      env: { HTTPS_PROXY: 'http://proxy.example:3128' },
      extraCa: 'test/support/extra-ca.pem',
    })
    await stage.executor.open(placeOf('1'), unpackHello)
  })
  afterAll(() => stage.close())

  it('has no capability, can gain no privilege, and is filtered', async () => {
    const status = await probe("grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status")
    expect(status.replaceAll('\t', ' ').split('\n')).toEqual([
      'CapInh: 0000000000000000',
      'CapPrm: 0000000000000000',
      'CapEff: 0000000000000000',
      'CapBnd: 0000000000000000',
      'CapAmb: 0000000000000000',
      'NoNewPrivs: 1',
      'Seccomp: 2',
    ])
  })

  it('is not root', async () => {
    const uid = process.getuid?.() === 0 ? 10_001 : process.getuid?.()
    expect(await probe('id -u')).toBe(String(uid))
    expect(await probe('id -G')).not.toMatch(/\b0\b/)
  })

  it('can write to its workspace and nowhere in the image', async () => {
    expect(await probe('touch /etc/x 2>&1; touch /x 2>&1; touch /agent 2>&1; touch /workspace/x && echo ok')).toBe(
      [
        "touch: cannot touch '/etc/x': Read-only file system",
        "touch: cannot touch '/x': Read-only file system",
        "touch: cannot touch '/agent': Permission denied",
        'ok',
      ].join('\n'),
    )
  })

  it('executes nothing in /tmp, and everything in $TMPDIR', async () => {
    const script = 'printf "#!/bin/sh\\necho ran\\n" > $D/x && chmod +x $D/x && $D/x'
    expect(await probe(`D=/tmp; ${script} 2>&1`)).toContain('Permission denied')
    expect(await probe(`D=$TMPDIR; ${script}`)).toBe('ran')
  })

  it('has limits of memory, swap, processes, files and core dumps', async () => {
    const { docker } = await getEngine()
    const [{ Id = '' } = {}] = await docker.listContainers({ filters: { name: [containerName(stage, '1')] } })
    const { HostConfig } = await docker.getContainer(Id).inspect()
    expect(HostConfig).toMatchObject({
      Memory: 2 ** 28,
      MemorySwap: 2 ** 28,
      PidsLimit: 256,
      Privileged: false,
    })
    expect(await probe('ulimit -c; ulimit -n')).toBe('0\n4096')
    const limits = `cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes /sys/fs/cgroup/memory.swap.max 2>/dev/null`
    expect((await probe(limits)).split('\n')[0]).toBe('256')
    const bomb = await probe('i=0; while [ $i -lt 400 ]; do sleep 3 & i=$((i+1)); done 2>&1 | head -n 1')
    expect(bomb).toMatch(/[Cc]annot fork/)
  })

  it('sees what its image says, the proxies and the certificates of its installation, and nothing else of the worker', async () => {
    const env = await probe('env | sort')
    const names = env.split('\n').map((line) => line.replace(/=.*/, ''))
    expect(names).toEqual(
      'CURL_CA_BUNDLE GIT_SSL_CAINFO HOME HOSTNAME HTTPS_PROXY LANG NODE_EXTRA_CA_CERTS OLDPWD PATH PIP_CERT PWD REQUESTS_CA_BUNDLE SLUICE_MARK SLUICE_RUN SSL_CERT_FILE TMPDIR'.split(
        ' ',
      ),
    )
    const [extra, seen] = [await readFile('test/support/extra-ca.pem', 'utf8'), await probe('cat "$SSL_CERT_FILE"')]
    expect(seen).toContain(extra.trim())
    expect(seen.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(50)
  })

  it('leaves files that the worker can delete', async () => {
    await probe('mkdir -p a/b && touch a/b/c && chmod 000 a')
    expect((await stat(join(stage.home, 'worker/1/workspace/a'))).isDirectory()).toBe(true)
  })

  it("may write to the image when the image is a user's own", async () => {
    await stage.executor.open(placeOf('2', { isRootReadOnly: false }), unpackHello)
    const { output } = await runToEnd(
      stage.executor,
      runOf('2', '1'),
      shell('touch /tmp/x && echo ok; grep " / " /proc/mounts'),
    )
    expect(output).toMatch(/^ok\noverlay \/ overlay rw,/)
  })
})
