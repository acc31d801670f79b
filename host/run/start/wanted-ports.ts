import { runsOwnGateway } from '../../config/derive.ts';
import type { Config } from '../../config/sections.ts';
import type { WantedPort } from '../../processes/ports.ts';

/** Lists the ports that everything on one machine is going to listen on. */
export function wantedPorts(config: Config): WantedPort[] {
  const { server, supervisor, gateway, temporal } = config;
  const ports: WantedPort[] = [
    { key: 'server.port', ...pick(server), what: 'REST' },
    { key: 'supervisor.port', ...pick(supervisor), what: 'the supervisor socket' },
  ];
  if (runsOwnGateway(config)) ports.push({ key: 'gateway.port', ...pick(gateway), what: 'the gateway' });
  if (temporal.address === '') {
    const host = '127.0.0.1';
    ports.push({ key: 'temporal.port', host, port: temporal.port, what: 'Temporal' });
    ports.push({ key: 'temporal.ui_port', host, port: temporal.ui_port, what: "Temporal's Web UI" });
  }
  return ports;
}

function pick({ host, port }: { host: string; port: number }): { host: string; port: number } {
  return { host, port };
}
