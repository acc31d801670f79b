// Saves histories of the current workflow code for later versions to replay: npm run histories:save -- 0.1.0
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import type { SessionStart } from '../../../domain/session/session-workflows.ts';
import { workerConverter } from '../../../temporal/payloads/data-converter.ts';
import { makeSessionWorkflows } from '../../../temporal/session-workflows.ts';
import { TASK_QUEUE } from '../../../temporal/settings.ts';
import { workflowIdOf } from '../../../workflows/definitions.ts';
import { scriptedAgent, type ScriptedAgent } from '../gateway/scripted-agent.ts';
import { startTemporalEnv } from './temporal-env.ts';
import { workflowBundle } from './workflow-bundle.ts';

const version = process.argv[2] ?? 'current';
const folder = join(fileURLToPath(new URL('../../histories', import.meta.url)), version);
const temporal = await startTemporalEnv();

type Scenario = (deps: {
  agent: ScriptedAgent;
  session: SessionStart;
  workflows: ReturnType<typeof makeSessionWorkflows>;
}) => Promise<void>;

const say = (content: string) => ({ message_id: randomUUID(), content });

const scenarios: Record<string, { budgetEvents?: number; run: Scenario }> = {
  'talk-idle-resume-timeout': {
    async run({ session, workflows }) {
      await workflows.submit(session.session_id, say('one'));
      await delay(2_500);
      await workflows.submit(session.session_id, say('two'));
      await delay(6_000);
    },
  },
  'broken-line': {
    async run({ agent, session, workflows }) {
      agent.failNext('exchange', 'NOT_SENT', 1);
      await workflows.submit(session.session_id, say('one'));
      await delay(1_500);
      await workflows.disconnect(session.session_id, 'User requested');
    },
  },
  'background-task': {
    async run({ agent, session, workflows }) {
      agent.setBackground(1);
      await workflows.submit(session.session_id, say('build'));
      await delay(500);
      await workflows.submit(session.session_id, say('meanwhile'));
      await delay(500);
      agent.setBackground(0);
      await delay(500);
      await workflows.disconnect(session.session_id, 'User requested');
    },
  },
  'ended-in-mid-turn': {
    async run({ agent, session, workflows }) {
      agent.thinkMs = 60_000;
      await workflows.submit(session.session_id, say('long'));
      await workflows.submit(session.session_id, say('never'));
      await delay(500);
      await workflows.disconnect(session.session_id, 'User requested');
    },
  },
  'idle-while-gateway-away': {
    async run({ agent, session, workflows }) {
      await workflows.submit(session.session_id, say('one'));
      agent.away = true;
      await delay(2_500);
      agent.settleUnheard();
      agent.away = false;
      await workflows.disconnect(session.session_id, 'User requested');
    },
  },
  'agent-never-there': {
    async run({ agent }) {
      agent.failNext('connect', 'PROJECT_PATH', Infinity);
      await delay(500);
    },
  },
  'many-runs': {
    budgetEvents: 60,
    async run({ session, workflows }) {
      for (let index = 0; index < 20; index += 1) await workflows.submit(session.session_id, say(`message ${index}`));
      await delay(4_000);
      await workflows.disconnect(session.session_id, 'User requested');
    },
  },
};

await mkdir(folder, { recursive: true });
for (const [name, scenario] of Object.entries(scenarios)) {
  const agent = scriptedAgent();
  const worker = await Worker.create({
    connection: temporal.env.nativeConnection,
    taskQueue: TASK_QUEUE,
    workflowBundle: await workflowBundle(),
    dataConverter: workerConverter(temporal.ring),
    activities: agent.activities,
  });
  const workflows = makeSessionWorkflows({
    client: temporal.env.client,
    ring: temporal.ring,
    budgetEvents: scenario.budgetEvents ?? 1_000,
    queueDepth: 100,
  });
  const session: SessionStart = {
    session_id: name,
    user_id: 'u-1',
    project_path: '/p',
    title: null,
    options: { idle_after_seconds: 1, idle_timeout_seconds: 4 },
  };
  await worker.runUntil(async () => {
    const { client } = temporal.env;
    await workflows.start(session);
    const first = await client.workflow.getHandle(workflowIdOf(name)).describe();
    await scenario.run({ agent, session, workflows });
    await delay(1_000);
    for (const [which, runId] of [
      ['first', first.runId],
      ['last', undefined],
    ] as const) {
      const handle = client.workflow.getHandle(workflowIdOf(name), runId);
      if (which === 'last' && (await handle.describe()).runId === first.runId) continue;
      const history = await handle.fetchHistory();
      await writeFile(join(folder, `${name}-${which}.json`), `${historyToJSON(history)}\n`);
      process.stdout.write(`${name}-${which}: ${history.events?.length ?? 0} events\n`);
    }
  });
}
await temporal.stop();
