import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import Database from 'better-sqlite3';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { workflowIdOf } from '../../workflows/definitions.ts';
import { makeSystem, type System } from '../support/system.ts';

/** The product under load: real processes, driven from outside. */
export interface Product {
  system: System;
  create(options?: object): Promise<string>;
  /** Resolves when no session with this idle timeout has this status, as the database has them. */
  untilNone(status: string, timeoutSeconds: number): Promise<void>;
  databasePath: string;
  send(sessionId: string, text: string): Promise<void>;
  /** The same over one supervisor socket. */
  sendBySocket(sessionId: string, text: string): Promise<void>;
  /** Events and bytes of a session's history so far. */
  history(sessionId: string): Promise<{ events: number; bytes: number; tasks: number }>;
  /** Bytes of the SQLite file that are in use. */
  databaseBytes(): number;
  stop(): Promise<void>;
}

/** Starts the product with room for many sessions. */
export async function startProduct(env: NodeJS.ProcessEnv): Promise<Product> {
  const system = await makeSystem({
    env: {
      XSWARM_CLAUDE_CODE_MAX_SESSIONS: '100000',
      XSWARM_CLAUDE_CODE_MAX_SESSIONS_PER_USER: '100000',
      XSWARM_CLAUDE_CODE_IDLE_TIMEOUT_SECONDS: '36000',
      ...env,
    },
  });
  await system.start();
  await system.cli('user', 'add', 'bench', '--admin');
  const connection = await Connection.connect({ address: system.temporalAddress });
  const client = new Client({ connection });
  const token = readFileSync(join(system.home, 'secrets', 'supervisor-token'), 'utf8').trim();
  const socket = new WebSocket(system.supervisorUrl, { headers: { authorization: `Bearer ${token}` } });
  await once(socket, 'open');
  const waiting = new Map<string, (frame: { type: string; message?: string }) => void>();
  socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as { type: string; request_id?: string; message?: string };
    waiting.get(frame.request_id ?? '')?.(frame);
  });
  let requests = 0;
  const databasePath = join(system.home, 'xswarm.db');

  function read<T>(sql: string): T {
    const db = new Database(databasePath, { readonly: true });
    try {
      return db.prepare<[], T>(sql).pluck().get() as T;
    } finally {
      db.close();
    }
  }

  return {
    system,
    databasePath,
    async untilNone(status, timeoutSeconds) {
      const left = (): number =>
        read<number>(
          `SELECT count(*) FROM claude_code_sessions
           WHERE status = '${status}' AND options ->> 'idle_timeout_seconds' = ${timeoutSeconds}`,
        );
      const deadline = performance.now() + 120_000;
      while (left() > 0) {
        if (performance.now() > deadline) throw new Error(`${left()} sessions are still ${status}`);
        await sleep(20);
      }
    },
    async create(options = {}) {
      const body = { user_id: 'bench', project_path: system.project, options };
      const answer = await system.rest('POST', '/sessions', body);
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return answer.body.session_id as string;
    },
    async send(sessionId, text) {
      const answer = await system.rest('POST', `/sessions/${sessionId}/messages`, { message: text });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    },
    async sendBySocket(session_id, message) {
      const request_id = String((requests += 1));
      const answered = new Promise<{ type: string; message?: string }>((resolve) => waiting.set(request_id, resolve));
      socket.send(JSON.stringify({ type: 'claude_code_message', session_id, message, request_id }));
      const frame = await answered;
      waiting.delete(request_id);
      if (frame.type === 'error') throw new Error(frame.message);
    },
    async history(sessionId) {
      const handle = client.workflow.getHandle(workflowIdOf(sessionId));
      const { historyLength, historySize } = await handle.describe();
      const { events } = await handle.fetchHistory();
      const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes).length;
      return { events: historyLength, bytes: historySize ?? 0, tasks };
    },
    databaseBytes: () =>
      read<number>(
        'SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s',
      ),
    async stop() {
      socket.terminate();
      await connection.close();
      await system.remove();
    },
  };
}
