import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isAlive } from '../support/machine/child-program.ts';
import { jsonLines } from '../support/run-cli.ts';
import { makeSystem } from '../support/system.ts';
import { until } from '../support/until.ts';
import type { System } from '../support/system.ts';

let system: System;
before(async () => {
  system = await makeSystem({ env: { XSWARM_GATEWAY_AGENT: 'simulator' } });
});
after(async () => {
  await system.remove();
});

function childPids(): Record<string, number> {
  const children = JSON.parse(readFileSync(join(system.home, 'children.json'), 'utf8')) as {
    name: string;
    pid: number;
  }[];
  return Object.fromEntries(children.map(({ name, pid }) => [name, pid]));
}

async function ready(): Promise<void> {
  await until('everything is ready', async () => {
    const answered = await fetch(`${system.restUrl}/ready`, { signal: AbortSignal.timeout(3_000) }).catch(() => null);
    return answered?.ok ?? false;
  });
}

async function answer(sessionId: string, text: string): Promise<string> {
  return (await system.cli('claude', 'send', sessionId, text)).stdout;
}

test('start says that answers are simulated, and refuses a second start with its pid', async () => {
  await system.start();
  await until('the banner', () => system.output().includes('Ctrl-C stops everything'));
  assert.match(system.output(), /ANSWERS ARE SIMULATED/);
  const second = await system.cli('start');
  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(`xswarm runs already on .* \\(process ${system.pid()}\\)`));
});

test('a part that is killed is started again, said in words, and the sessions go on', async () => {
  const sessionId = (await system.cli('claude', 'new')).stdout.trim();
  assert.match(await answer(sessionId, 'first'), /first/);
  for (const part of ['app', 'gateway', 'temporal']) {
    const pid = childPids()[part] ?? 0;
    process.kill(pid, 'SIGKILL');
    await until(`the ${part} is back`, () => ![pid, undefined].includes(childPids()[part]));
    await ready();
    assert.match(system.output(), new RegExp(`${part}: stopped by itself \\(signal SIGKILL\\)`));
    assert.match(await answer(sessionId, `after ${part}`), new RegExp(`after ${part}`));
  }
});

test('when start itself is killed its parts end by themselves, and a new start has everything', async () => {
  const sessionId = (await system.cli('claude', 'new')).stdout.trim();
  await answer(sessionId, 'before');
  const pids = Object.values(childPids());
  process.kill(system.pid(), 'SIGKILL');
  await system.start();
  // Until they noticed, the earlier parts answer at the same ports.
  await until('the earlier parts are gone', () => !pids.some(isAlive));
  await ready();
  assert.match(await answer(sessionId, 'after'), /after/);
});

test('Ctrl-C stops every part within ten seconds, with exit code 0', async () => {
  const pids = Object.values(childPids());
  const { code, ms } = await system.stop();
  assert.equal(code, 0);
  assert.ok(ms < 10_000, `${ms} ms`);
  assert.ok(!pids.some(isAlive));
  assert.match(system.output(), /Stopped\n$/);
});

test('a port that is taken stops the start with the port and what to change, and nothing stays', async () => {
  const port = Number(new URL(system.restUrl).port);
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
  const { code, stderr } = await system.cli('start');
  squatter.close();
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^Port ${port} for REST is taken by another program: .*XSWARM_SERVER_PORT`));
  assert.ok(!Object.values(childPids()).some(isAlive));
});

test('start --json prints one object a line and nothing else', async () => {
  await system.start(['start', '--json', '--no-talk']);
  await until('it is ready', () => system.output().includes('"type":"ready"'));
  const ready = jsonLines(system.output()).find((line) => line.type === 'ready');
  assert.equal(ready?.url, system.restUrl);
  await system.stop();
  assert.doesNotThrow(() => jsonLines(system.output()));
});
