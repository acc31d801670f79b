import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { guardOrphan, ProcessKeeper } from '../../host/processes/process-keeper.ts';
import type { KeptProcess, ProcessEvent } from '../../host/processes/process-keeper.ts';
import { childProgram, isAlive } from '../support/machine/child-program.ts';
import { until } from '../support/until.ts';

const running: ProcessKeeper[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill();
});

interface Watched {
  child: ProcessKeeper;
  events: ProcessEvent[];
  lines: string[];
}

function run(source: string, options: Partial<KeptProcess> = {}): Watched {
  const events: ProcessEvent[] = [];
  const lines: string[] = [];
  const child = new ProcessKeeper({
    name: 'child',
    command: process.execPath,
    args: [childProgram(source)],
    env: { PATH: process.env.PATH },
    channel: false,
    onLine: (line) => lines.push(line),
    onEvent: (event) => events.push(event),
    ...options,
  });
  running.push(child);
  return { child, events, lines };
}

const STAY = 'setInterval(() => {}, 1000); console.log("up");';

test('ProcessKeeper hands on each line of stdout and stderr', async () => {
  const { child, lines } = run(`console.log('one'); console.error('two'); process.stdout.write('th'); ${STAY}`);
  await until('the lines', () => lines.length === 3);
  assert.deepEqual([...lines].sort(), ['one', 'thup', 'two']);
  await child.stop();
});

test('ProcessKeeper starts a process again that was killed', async () => {
  const { child, events, lines } = run(STAY);
  await until('it is up', () => lines.length === 1);
  const first = child.pid ?? 0;
  process.kill(first, 'SIGKILL');
  await until('it is up again', () => lines.length === 2);
  assert.notEqual(child.pid, first);
  assert.deepEqual(
    events.map((event) => (event.type === 'died' ? event.how : event.type)),
    ['started', 'signal SIGKILL', 'started'],
  );
  await child.stop();
});

test('ProcessKeeper never gives up on a process that dies at once, and waits longer each time', async () => {
  const { child, events } = run('process.exit(3)');
  await until('three deaths', () => events.filter(({ type }) => type === 'died').length === 3);
  const deaths = events.flatMap((event) => (event.type === 'died' ? [[event.how, event.restartInMs]] : []));
  assert.deepEqual(deaths, [
    ['exit code 3', 200],
    ['exit code 3', 400],
    ['exit code 3', 800],
  ]);
  await child.stop();
});

test('ProcessKeeper tells that a program is not there, and tries again', async () => {
  const { child, events } = run('', { command: '/nowhere/program' });
  await until('two deaths', () => events.length === 2);
  assert.match(events[0]?.type === 'died' ? events[0].how : '', /ENOENT/);
  await child.stop();
});

test('stop() ends a process by SIGTERM and lets it clean up', async () => {
  const { child, lines, events } = run(
    `process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); ${STAY}`,
  );
  await until('it is up', () => lines.includes('up'));
  const pid = child.pid ?? 0;
  await child.stop();
  await until('its last line', () => lines.includes('bye'));
  assert.equal(isAlive(pid), false);
  assert.ok(!events.some(({ type }) => type === 'died'));
});

test('stop() ends a process that ignores SIGTERM after the time-out, with what it started', async () => {
  const source = `import { spawn } from 'node:child_process';
    process.on('SIGTERM', () => {});
    const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    console.log('grandchild ' + grandchild.pid); ${STAY}`;
  const { child, lines } = run(source, { stopTimeoutMs: 300 });
  await until('it is up', () => lines.includes('up'));
  const pids = [child.pid ?? 0, Number(lines[0]?.split(' ')[1])];
  const started = performance.now();
  await child.stop();
  assert.ok(performance.now() - started >= 290);
  await until('both are gone', () => !pids.some(isAlive));
});

test('stop() during the pause before a restart leaves nothing running', async () => {
  const { child, events } = run('process.exit(1)');
  await until('it died', () => events.length === 2);
  await child.stop();
  await child.stop();
  await new Promise((done) => setTimeout(done, 400));
  assert.deepEqual([child.pid, events.length], [null, 2]);
});

test('a child with a channel hears that its parent was killed', async () => {
  const child = childProgram(`process.on('disconnect', () => process.exit(0)); ${STAY}`);
  const pid = await pidUnderKilledParent({ command: process.execPath, args: [child], channel: true });
  await until('the child is gone', () => !isAlive(pid));
});

test('a guarded program that knows nothing of us ends when its parent was killed', async () => {
  const line = guardOrphan({ command: '/bin/sleep', args: ['60'] });
  const pid = await pidUnderKilledParent({ ...line, channel: false });
  await until('the program is gone', () => !isAlive(pid));
});

test('a guarded program keeps its pid, its exit code and its signals', async () => {
  const { child, events } = run('', guardOrphan({ command: '/bin/sh', args: ['-c', 'exit 7'] }));
  await until('it died', () => events.length >= 2);
  assert.equal(events[1]?.type === 'died' ? events[1].how : '', 'exit code 7');
  await child.stop();
  const sleeper = run('', guardOrphan({ command: '/bin/sleep', args: ['60'] }));
  const pid = sleeper.child.pid ?? 0;
  const started = performance.now();
  await sleeper.child.stop();
  assert.ok(performance.now() - started < 2_000);
  assert.equal(isAlive(pid), false);
});

/** Supervises a command in a process of its own, kills that process, and gives the command's pid. */
async function pidUnderKilledParent(line: { command: string; args: string[]; channel: boolean }): Promise<number> {
  const module = pathToFileURL(resolve('host/processes/process-keeper.ts')).href;
  const parent = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', parentSource(module, line)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(text.toString());
  assert.ok(isAlive(pid));
  // The guard of a shell stands a moment after its start.
  await new Promise((done) => setTimeout(done, 300));
  parent.kill('SIGKILL');
  return pid;
}

function parentSource(module: string, line: object): string {
  return `import { ProcessKeeper } from ${JSON.stringify(module)};
    new ProcessKeeper({ name: 'child', env: process.env, ...${JSON.stringify(line)},
      onLine() {}, onEvent(event) { if (event.type === 'started') console.log(event.pid); } });
    setInterval(() => {}, 1000);`;
}
