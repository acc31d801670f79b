import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayControlClient } from '../../protocol/gateway-control.ts';
import { claudeEnv, say, startMessagesApi, TEST_MODEL } from '../support/gateway/messages-api.ts';
import { inTurn, round, serial } from './figures.ts';
import { startProduct, type Product } from './product.ts';
import { startReferenceAgent } from './reference-agent.ts';
import type { Report } from './report.ts';
import type { Size } from './size.ts';

/** The real Claude Code through the product, beside the Agent SDK alone with the same options, both against one stand-in. */
export async function measureClaude({ turns }: Size, report: Report): Promise<void> {
  const api = await startMessagesApi();
  api.on(null, () => say('ok'));
  const home = mkdtempSync(join(tmpdir(), 'xswarm-bench-'));
  const env = claudeEnv(api, home);
  const agent = startReferenceAgent(env, home);
  const product = await startProduct({ ...env, XSWARM_GATEWAY_MODEL: TEST_MODEL, XSWARM_GATEWAY_PREWARM: '1' });
  try {
    const id = await product.create();
    const cold = await serial(1, 0, () => product.send(id, 'first'));
    const { c, rest } = await inTurn(Math.ceil(turns / 10), {
      c: () => agent.call('hello'),
      rest: () => product.send(id, 'hello'),
    });
    report.tell('Agent SDK alone (c), a turn', `p50 ${c.p50} ms`);
    const over = round(rest.p50 - c.p50);
    const figure = `p50 ${rest.p50} ms: ${over} ms over (c)`;
    report.hold('real Claude Code through REST, warm session', figure, '≤ 25 ms over (c)', over <= 25);
    report.tell('first answer of a new session', `${cold.p50} ms: ${round(cold.p50 / rest.p50)} × a later turn`);
    const warm = await firstOfPrewarmed(product);
    report.keep('claude', { c, rest, cold, warm });
    if (warm === null) return report.tell('the same from a prewarmed agent', 'no agent was started ahead within 20 s');
    const ratio = round(warm / rest.p50);
    report.hold('the same from a prewarmed agent', `${warm} ms: ${ratio} × a later turn`, '≤ 1.3 ×', ratio <= 1.3);
  } finally {
    agent.stop();
    await product.stop();
    await api.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Median of the first answers of new sessions whose agent was started ahead; null where none was. */
async function firstOfPrewarmed(product: Product): Promise<number | null> {
  const url = `ws://127.0.0.1:${product.system.env.XSWARM_GATEWAY_PORT}`;
  const token = readFileSync(join(product.system.home, 'secrets', 'gateway-token'), 'utf8').trim();
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    for (let waited = 0; ; waited += 1) {
      if ((await new GatewayControlClient({ url, token }).agents()).some(({ state }) => state === 'warm')) break;
      if (waited === 200) return null;
      await sleep(100);
    }
    const id = await product.create();
    times.push((await serial(1, 0, () => product.send(id, 'first'))).p50);
  }
  return times.sort((one, other) => one - other)[2] ?? null;
}
