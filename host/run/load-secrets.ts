import { runsOwnGateway } from '../config/derive.ts';
import { loadOrCreateSecret } from '../config/secrets.ts';
import type { Config } from '../config/sections.ts';
import type { Secrets } from './roles/part.ts';

/** Gives the tokens that the parts share: the configured ones, else those of the data folder. */
export function loadSecrets(config: Config, dataDir: string, runsGateway: boolean = runsOwnGateway(config)): Secrets {
  return {
    gatewayToken: loadGatewayToken(config, dataDir, runsGateway),
    supervisorToken: config.supervisor.token || loadOrCreateSecret(dataDir, 'supervisor-token'),
    internalToken: config.server.internal_token || loadOrCreateSecret(dataDir, 'internal-token'),
  };
}

/**
 * Gives the token of the agent server. A foreign one gets only what was configured for it, which may be nothing; a gateway
 * of ours is never without one.
 */
export function loadGatewayToken(config: Config, dataDir: string, runsGateway: boolean): string {
  const configured = config.claude_code.auth_token;
  return configured === '' && runsGateway ? loadOrCreateSecret(dataDir, 'gateway-token') : configured;
}
