// npm run bench -- [--short] [--durability full|normal] [--only messages,sessions,claude,scale]
// Measures the product beside the machine and Temporal themselves, in one run, and writes bench/results/.
import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { measureClaude } from './measure-claude.ts';
import { measureCounts } from './measure-counts.ts';
import { measureMessages } from './measure-messages.ts';
import { measureScale } from './measure-scale.ts';
import { measureSessions } from './measure-sessions.ts';
import { startProduct } from './product.ts';
import { makeReport } from './report.ts';
import { FULL, SHORT } from './size.ts';

const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    durability: { type: 'string', default: 'full' },
    only: { type: 'string', default: 'messages,sessions,claude,scale' },
  },
});
const size = flags.short ? SHORT : FULL;
const only = flags.only.split(',');
const report = makeReport();

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
if (only.includes('messages') || only.includes('sessions')) {
  const product = await startProduct({
    XSWARM_GATEWAY_AGENT: 'simulator',
    XSWARM_STORAGE_DURABILITY: flags.durability,
    XSWARM_CLAUDE_CODE_IDLE_AFTER_SECONDS: '600',
  });
  try {
    if (only.includes('messages')) {
      await measureMessages(product, size, report);
      await measureCounts(product, size, report);
    }
    if (only.includes('sessions')) await measureSessions(product, size, report);
  } finally {
    await product.stop();
  }
}
if (only.includes('claude')) await measureClaude(size, report);
if (only.includes('scale')) await measureScale(size, report);
process.exit(report.finish({ durability: flags.durability, short: flags.short, only: flags.only }));
