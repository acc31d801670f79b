import { parseArgs } from 'node:util';
import { isBroken, runFaults } from './run-faults.ts';
import { outage, STRIKES } from './strikes.ts';
import { faultTable, findingLines } from './table.ts';

// `npm run faults -- --seed 1 --minutes 10`: exits with 1 when a promise was broken.
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    sessions: { type: 'string', default: '50' },
    durability: { type: 'string', default: 'full' },
    outage: { type: 'string', default: '60' },
    only: { type: 'string' },
    quiet: { type: 'boolean', default: false },
    explain: { type: 'boolean', default: false },
    slow: { type: 'string', default: '6' },
    keep: { type: 'boolean', default: false },
  },
});
const began = performance.now();
/** One kind of strike, again and again, to look at its recovery. */
const only = [...STRIKES, outage(Number(values.outage) * 1000)].filter(({ name }) => name === values.only);
const report = await runFaults({
  seed: Number(values.seed),
  harmMs: Number(values.minutes) * 60_000,
  users: Number(values.sessions),
  durability: values.durability === 'normal' ? 'normal' : 'full',
  outageMs: Number(values.outage) * 1000,
  keep: values.keep,
  explain: values.explain,
  slowMs: Number(values.slow) * 1000,
  ...(values.only === undefined ? {} : { script: Array.from({ length: 1_000 }, () => only).flat() }),
  say(line) {
    const at = ((performance.now() - began) / 1000).toFixed(1);
    if (!values.quiet) process.stderr.write(`${at.padStart(7)} s  ${line}\n`);
  },
});
for (const line of findingLines(report)) process.stderr.write(`${line}\n`);
process.stdout.write(`${faultTable(report)}\n`);
process.exit(isBroken(report.findings) ? 1 : 0);
