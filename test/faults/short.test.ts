import assert from 'node:assert/strict';
import test from 'node:test';
import { runFaults } from './run-faults.ts';
import { faultTable, findingLines } from './table.ts';

const SECONDS = 70;

test('every accepted message is carried out once, answered once and booked once, whatever dies', async (t) => {
  const said: string[] = [];
  const report = await runFaults({
    seed: 11,
    harmMs: SECONDS * 1000,
    users: 12,
    durability: 'full',
    pace: 2,
    say: (line) => said.push(line),
  });
  t.diagnostic(`\n${faultTable(report)}`);
  const { toldUnknown: _unknown, toldFailed: _failed, ...broken } = report.findings;
  const nothing = { lost: [], doubled: [], outOfOrder: [], wrongCost: [], stuck: [], orphans: [] };
  assert.deepEqual(broken, nothing, [...said, ...findingLines(report)].join('\n'));
  assert.ok(report.kills >= 10, `${report.kills} kills are too few to prove anything`);
  assert.ok(report.messages >= 100, `${report.messages} messages are too few to prove anything`);
});
