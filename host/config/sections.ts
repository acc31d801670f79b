import { PERMISSION_MODES } from '../../domain/session/session.ts';
import { isLoopbackHost } from '../../protocol/http-access.ts';
import { address, choice, flag, folders, hostName, secretText, text, wholeNumber } from './key.ts';
import type { Key } from './key.ts';

const DAY = 86_400;

/** Every key of the configuration, by section; `docs/configuration.md` and `config.example.toml` hold the same. */
export const SECTIONS = {
  claude_code: {
    websocket_url: address(
      'ws://localhost:8080',
      ['ws', 'wss'],
      'Where the agent server listens; follows [gateway] port',
    ),
    auth_token: secretText('Token for the agent server; empty: made at the first start and kept in the data folder'),
    max_sessions: wholeNumber(10, 1, 100_000, 'Open sessions in the whole system'),
    max_sessions_per_user: wholeNumber(10, 1, 100_000, 'Open sessions of one user'),
    idle_after_seconds: wholeNumber(60, 1, 30 * DAY, 'Seconds without work after which the agent process is released'),
    idle_timeout_seconds: wholeNumber(300, 1, 365 * DAY, 'Seconds without work after which a session is disconnected'),
    track_costs: flag(true, 'Whether costs are kept and shown'),
    project_roots: folders('Folders that projects must be in; empty: any folder, in local mode only'),
    queue_depth: wholeNumber(100, 1, 1_000, 'Messages that may wait in one session'),
  },
  server: {
    host: hostName('127.0.0.1', 'Where REST listens; anything but this machine needs auth = "token"'),
    port: wholeNumber(8787, 1, 65_535, 'Port of REST'),
    auth: choice(['local', 'token'], 'local', 'Whether calls need a token'),
    dashboard: flag(true, 'Whether GET / is the page'),
    rate_limit_per_minute: wholeNumber(0, 0, 1_000_000, 'Calls a minute of one caller; 0: no limit'),
    url: address('', ['http', 'https'], 'Address under which clients and remote workers reach REST'),
    internal_token: secretText('Token of remote workers; empty: made at the first start'),
  },
  supervisor: {
    host: hostName('127.0.0.1', 'Where the supervisor socket listens'),
    port: wholeNumber(9999, 1, 65_535, 'Port of the supervisor socket'),
    url: address('', ['ws', 'wss'], 'Address under which clients reach the supervisor socket'),
    token: secretText('Token of the supervisor socket; empty: made at the first start'),
  },
  gateway: {
    host: hostName('127.0.0.1', 'Where the gateway listens'),
    port: wholeNumber(8080, 1, 65_535, 'Port of the gateway'),
    agent: choice(['auto', 'claude', 'simulator'], 'auto', 'Who answers; auto: Claude when a key or login is there'),
    model: text('', 'Model of new sessions; empty: what Claude Code takes by itself'),
    permission_mode: choice(PERMISSION_MODES, 'default', 'Permission mode of new sessions'),
    max_permission_mode: choice(
      PERMISSION_MODES,
      'bypassPermissions',
      'Widest permission mode of any session, whoever asks for it',
    ),
    max_parallel_starts: wholeNumber(2, 1, 64, 'Agent processes that may start at the same time'),
    max_agents: wholeNumber(50, 1, 10_000, 'Agent processes that may run at the same time'),
    prewarm: wholeNumber(0, 0, 64, 'Claude Code processes kept ready for new sessions of the projects used last'),
    stall_seconds: wholeNumber(
      900,
      0,
      7 * DAY,
      'Seconds that a turn may stand still: no output, no work; 0: without limit',
    ),
    turn_limit_seconds: wholeNumber(DAY, 0, 30 * DAY, 'Seconds that a turn may take; 0: without limit'),
  },
  storage: {
    durability: choice(['full', 'normal'], 'full', 'full: survives a power cut; normal: survives killed processes'),
  },
  temporal: {
    address: text('', 'host:port of a Temporal server; empty: the embedded one'),
    namespace: text('default', 'Temporal namespace'),
    port: wholeNumber(7233, 1, 65_535, 'Port of the embedded server'),
    ui_port: wholeNumber(8233, 1, 65_535, 'Port of its Web UI'),
    retention_days: wholeNumber(30, 1, 3_650, 'Days that ended sessions stay in Temporal'),
    payload_keys: secretText('Keys that encrypt sessions in Temporal; empty: made at the first start'),
  },
} as const;

type Sections = typeof SECTIONS;
type ValueOf<K> = K extends Key<infer T> ? T : never;

/** The whole configuration, every default filled in. */
export type Config = { [S in keyof Sections]: { -readonly [K in keyof Sections[S]]: ValueOf<Sections[S][K]> } };

/** One key with the words it is called by. */
export interface NamedKey {
  section: string;
  name: string;
  /** `section.name`. */
  path: string;
  /** The variables that set it, the stronger first. */
  variables: string[];
  key: Key<unknown>;
}

const GUIDE_VARIABLES: Record<string, string> = {
  'claude_code.websocket_url': 'CLAUDE_CODE_WEBSOCKET_URL',
  'claude_code.auth_token': 'CLAUDE_CODE_AUTH_TOKEN',
  'supervisor.url': 'SUPERVISOR_WEBSOCKET_URL',
  'supervisor.token': 'SUPERVISOR_TOKEN',
};

/** Keys that decide who may call, what is called and with which secret, and what agents may do. */
const SENSITIVE = [
  'claude_code.websocket_url',
  'claude_code.project_roots',
  'server.host',
  'server.auth',
  'server.url',
  'supervisor.host',
  'supervisor.url',
  'gateway.host',
  'gateway.permission_mode',
  'temporal.address',
];

/** Whether a value must come from a file that somebody chose: of a sensitive key or a secret, unless it names this machine. */
export function isSensitive({ path, key }: NamedKey, value: unknown): boolean {
  if (!key.secret && !SENSITIVE.includes(path)) return false;
  if (JSON.stringify(value) === JSON.stringify(key.fallback)) return false;
  if (typeof value !== 'string' || key.secret) return true;
  const host = URL.canParse(value) ? new URL(value).hostname : value.replace(/:\d+$/, '');
  return !isLoopbackHost(host);
}

/** Lists all keys in the order in which people read them. */
export function namedKeys(): NamedKey[] {
  return Object.entries(SECTIONS).flatMap(([section, keys]) =>
    Object.entries(keys as Record<string, Key<unknown>>).map(([name, key]) => {
      const path = `${section}.${name}`;
      const own = `XSWARM_${section}_${name}`.toUpperCase();
      const guide = GUIDE_VARIABLES[path];
      return { section, name, path, key, variables: guide === undefined ? [own] : [own, guide] };
    }),
  );
}
