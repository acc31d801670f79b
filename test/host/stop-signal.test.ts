import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { test } from 'node:test';
import { isRunByNpm } from '../../host/processes/stop-signal.ts';
import { childProgram, isAlive } from '../support/machine/child-program.ts';
import { until } from '../support/until.ts';

const STOP_SIGNAL = new URL('../../host/processes/stop-signal.ts', import.meta.url).href;
/** Says its pid, and ends when it is asked to stop. */
const PROGRAM = `
  import { listenForStop } from ${JSON.stringify(STOP_SIGNAL)};
  const stop = listenForStop(process.env);
  stop.asked.addEventListener('abort', () => process.exit(0));
  setInterval(() => {}, 1000);
  console.log(process.pid);
`;

/** A shell that runs the program as npm's does: it waits for it, and a signal ends the shell alone. */
async function inShell(env: NodeJS.ProcessEnv): Promise<{ shell: ChildProcess; pid: number }> {
  const line = `"${process.execPath}" --import "${import.meta.resolve('tsx')}" "${childProgram(PROGRAM)}"; true`;
  const shell = spawn('/bin/sh', ['-c', line], { env: { PATH: process.env.PATH, ...env } });
  let output = '';
  shell.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the program is up', () => output.includes('\n'));
  return { shell, pid: Number(output) };
}

test('isRunByNpm() knows npx and npm start', () => {
  assert.deepEqual([{ npm_command: 'exec' }, { npm_lifecycle_event: 'start' }, { PATH: '/bin' }].map(isRunByNpm), [
    true,
    true,
    false,
  ]);
});

test('listenForStop() hears that the npm which ran this process was killed: `kill $SUPERVISOR_PID` behind npx', async () => {
  const { shell, pid } = await inShell({ npm_command: 'exec' });
  shell.kill('SIGTERM');
  await until('the program ended', () => !isAlive(pid));
});

test('listenForStop() lets a process outlive a shell that is not npm', async () => {
  const { shell, pid } = await inShell({});
  shell.kill('SIGTERM');
  await until('the shell ended', () => shell.signalCode !== null || shell.exitCode !== null);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.ok(isAlive(pid));
  process.kill(pid, 'SIGKILL');
});
