import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startGateway } from '../../../gateway/front/server.ts';
import type { Gateway, GatewayOptions } from '../../../gateway/front/server.ts';
import { connectGateway, TEST_TOKEN } from './gateway-client.ts';
import type { GatewayClient } from './gateway-client.ts';

/** A gateway on a free port with folders of its own, and the sockets that a test opened to it. */
export interface TestGateway {
  readonly gateway: Gateway;
  /** An empty project folder. */
  project: string;
  home: string;
  dataDir: string;
  connect(): Promise<GatewayClient>;
  /** Stops the gateway and starts it on the same folders. */
  restart(change?: Partial<GatewayOptions>): Promise<void>;
  close(): Promise<void>;
}

/** Starts a gateway; the simulator unless told otherwise. Everything is removed by `close`. */
export async function startTestGateway(
  options: Partial<GatewayOptions> | ((home: string) => Partial<GatewayOptions>) = {},
): Promise<TestGateway> {
  const base = await mkdtemp(join(tmpdir(), 'xswarm-gateway-'));
  const [project, home, dataDir] = await Promise.all(
    ['project', 'home', 'data'].map((name) => mkdtemp(join(base, `${name}-`))),
  );
  let chosen = typeof options === 'function' ? options(home!) : options;
  const start = (): Promise<Gateway> =>
    startGateway({
      host: '127.0.0.1',
      port: 0,
      token: TEST_TOKEN,
      dataDir: dataDir!,
      durability: 'normal',
      agent: 'simulator',
      env: {},
      logger: pino({ level: process.env.TEST_LOG ?? 'silent' }),
      ...chosen,
    });
  let gateway = await start();
  const clients: GatewayClient[] = [];

  return {
    get gateway() {
      return gateway;
    },
    project: project!,
    home: home!,
    dataDir: dataDir!,
    async connect() {
      const client = await connectGateway(gateway.url);
      clients.push(client);
      return client;
    },
    async restart(change = {}) {
      chosen = { ...chosen, ...change };
      await gateway.close({ graceMs: 0 });
      gateway = await start();
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await gateway.close({ graceMs: 0 });
      await rm(base, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
