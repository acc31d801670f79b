import type { LoadCommand } from './context.ts';

/** Every command by the words that are typed; a command's code is loaded when it is the one. */
export const COMMANDS: Record<string, LoadCommand> = {
  start: async () => (await import('./commands/start.ts')).StartCommand,
  serve: async () => (await import('./commands/serve.ts')).ServeCommand,
  supervisor: async () => (await import('./commands/supervisor.ts')).SupervisorCommand,
  'voice-bridge': async () => (await import('./commands/supervisor.ts')).SupervisorCommand,
  'claude new': async () => (await import('./commands/claude/new.ts')).ClaudeNewCommand,
  'claude send': async () => (await import('./commands/claude/send.ts')).ClaudeSendCommand,
  'claude connect': async () => (await import('./commands/claude/connect.ts')).ClaudeConnectCommand,
  'claude interrupt': async () => (await import('./commands/claude/interrupt.ts')).ClaudeInterruptCommand,
  'claude resume': async () => (await import('./commands/claude/resume.ts')).ClaudeResumeCommand,
  'claude status': async () => (await import('./commands/claude/status.ts')).ClaudeStatusCommand,
  'claude cost': async () => (await import('./commands/claude/cost.ts')).ClaudeCostCommand,
  'claude history': async () => (await import('./commands/claude/history.ts')).ClaudeHistoryCommand,
  'claude disconnect': async () => (await import('./commands/claude/disconnect.ts')).ClaudeDisconnectCommand,
  'claude cleanup': async () => (await import('./commands/claude/cleanup.ts')).ClaudeCleanupCommand,
  'project trust': async () => (await import('./commands/project/trust.ts')).ProjectTrustCommand,
  'project list': async () => (await import('./commands/project/list.ts')).ProjectListCommand,
  'project forget': async () => (await import('./commands/project/forget.ts')).ProjectForgetCommand,
  inbox: async () => (await import('./commands/inbox/list.ts')).InboxCommand,
  approve: async () => (await import('./commands/inbox/approve.ts')).ApproveCommand,
  deny: async () => (await import('./commands/inbox/deny.ts')).DenyCommand,
  answer: async () => (await import('./commands/inbox/answer.ts')).AnswerCommand,
  dashboard: async () => (await import('./commands/dashboard.ts')).DashboardCommand,
  'user add': async () => (await import('./commands/user/add.ts')).UserAddCommand,
  'user list': async () => (await import('./commands/user/list.ts')).UserListCommand,
  'user remove': async () => (await import('./commands/user/remove.ts')).UserRemoveCommand,
  'token create': async () => (await import('./commands/token/create.ts')).TokenCreateCommand,
  'token list': async () => (await import('./commands/token/list.ts')).TokenListCommand,
  'token revoke': async () => (await import('./commands/token/revoke.ts')).TokenRevokeCommand,
  audit: async () => (await import('./commands/audit.ts')).AuditCommand,
  'config show': async () => (await import('./commands/config-show.ts')).ConfigShowCommand,
  'mirror check': async () => (await import('./commands/mirror/check.ts')).MirrorCheckCommand,
  'mirror rebuild': async () => (await import('./commands/mirror/rebuild.ts')).MirrorRebuildCommand,
  backup: async () => (await import('./commands/backup.ts')).BackupCommand,
  restore: async () => (await import('./commands/restore.ts')).RestoreCommand,
  doctor: async () => (await import('./commands/doctor.ts')).DoctorCommand,
  completion: async () => (await import('./commands/completion.ts')).CompletionCommand,
};

/** What the beginning of a command line means: one command, a group of them, or nothing that is known. */
export type Meant =
  | { type: 'command'; words: string; load: LoadCommand }
  | { type: 'group'; words: string }
  | { type: 'unknown'; words: string };

/** Reads the words before the first option. */
export function findCommand(argv: readonly string[]): Meant {
  const firstOption = argv.findIndex((word) => word.startsWith('-'));
  const words = argv.slice(0, firstOption === -1 ? argv.length : firstOption).slice(0, 2);
  for (let count = words.length; count > 0; count -= 1) {
    const name = words.slice(0, count).join(' ');
    const load = COMMANDS[name];
    if (load !== undefined) return { type: 'command', words: name, load };
  }
  const name = words.join(' ');
  const isGroup = words.length < 2 && Object.keys(COMMANDS).some((command) => command.startsWith(`${name} `));
  return isGroup || name === '' ? { type: 'group', words: name } : { type: 'unknown', words: name };
}
