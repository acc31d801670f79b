import { pino } from 'pino';
import { startGateway } from '../../../gateway/front/server.ts';
import type { GatewayOptions } from '../../../gateway/front/server.ts';

/** A gateway as a process of its own, for tests that kill it: options as JSON in, its address as a line out. */
const options = JSON.parse(process.argv[2]!) as Omit<GatewayOptions, 'logger'>;
const logger = pino({ level: process.env.TEST_LOG ?? 'silent' }, pino.destination(2));
const gateway = await startGateway({ ...options, logger });
process.stdout.write(`${gateway.url}\n`);
process.on('SIGTERM', () => void gateway.close().then(() => process.exit(0)));
