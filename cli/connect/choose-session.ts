import { createInterface } from 'node:readline/promises';
import type { ClaudeCodeConnector } from '../../client/connector.ts';
import type { Session } from '../../domain/service-data.ts';
import { hasEnded } from '../../domain/session/session.ts';
import { findSession, openSessions } from '../access/find-session.ts';
import type { CliContext } from '../context.ts';
import { errorLine } from '../error-line.ts';
import { makePaint } from '../output/paint.ts';
import { printableLine } from '../output/printable.ts';
import { formatTable } from '../output/table.ts';
import { formatAgo } from '../output/time.ts';

const MOST_OFFERED = 20;

/** Lets a person at a terminal choose one of the open sessions; null when there are none or the person leaves. */
export async function chooseSession(connector: ClaudeCodeConnector, context: CliContext): Promise<Session | null> {
  const sessions = await openSessions(connector, { most: MOST_OFFERED });
  if (sessions.length === 0) {
    context.stdout.write('No open sessions: `xswarm claude new` begins one\n');
    return null;
  }
  const now = Date.now();
  const table = formatTable(
    sessions.map((session, index) => ({ session, number: String(index + 1) })),
    [
      { title: '', value: ({ number }) => number, align: 'right' },
      { title: 'SESSION', value: ({ session }) => session.id, cut: 'end' },
      { title: 'TITLE', value: ({ session }) => printableLine(session.title ?? ''), cut: 'end' },
      { title: 'PROJECT', value: ({ session }) => printableLine(session.project_path), cut: 'start' },
      { title: 'LAST ACTIVITY', value: ({ session }) => formatAgo(session.last_activity, now) },
    ],
    context.width,
    makePaint(context.color),
  );
  context.stdout.write(`${table.join('\n')}\n`);
  for (;;) {
    const answer = await ask(`Number or id [1]: `, context);
    if (answer === null) return null;
    const session = sessions[Number(answer === '' ? '1' : answer) - 1];
    if (session !== undefined) return session;
    try {
      return await findSession(connector, answer);
    } catch (error) {
      context.stderr.write(`${errorLine(error)}\n`);
    }
  }
}

/**
 * Starts an ended session again, after asking. Where it cannot be resumed, says why and offers a new session in its
 * project. Returns the session to talk to, or null when the person wants neither.
 */
export async function reopenSession(
  connector: ClaudeCodeConnector,
  ended: Session,
  context: CliContext,
  { asks }: { asks: boolean },
): Promise<Session | null> {
  const { id, project_path: project, user_id: userId, reason, ended_at: endedAt } = ended;
  const when = endedAt === null ? '' : ` ${formatAgo(endedAt, Date.now())}`;
  const why = reason === null ? '' : ` (${printableLine(reason)})`;
  if (asks && !(await confirm(`Session ${id} ended${when}${why}. Resume it?`, context))) return null;
  try {
    return await connector.resumeSession(id);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'SESSION_NOT_RESUMABLE';
    if (!isGone || !context.stdinIsTerminal) throw error;
    context.stderr.write(`${printableLine(error.message)}\n`);
    if (!(await confirm(`Begin a new session in ${printableLine(project)}?`, context))) return null;
    return await connector.createSession(userId, project, { options: ended.options });
  }
}

/** Whether a session must be resumed before it takes messages; one in `error` is started again by connecting to it. */
export function needsResume({ status }: Session): boolean {
  return hasEnded(status) && status !== 'error';
}

/** Asks a yes-or-no question. Enter is yes, unless `byDefault` is false; leaving is no. */
export async function confirm(
  question: string,
  context: CliContext,
  { byDefault = true }: { byDefault?: boolean } = {},
): Promise<boolean> {
  const answer = await ask(`${question} ${byDefault ? '[Y/n]' : '[y/N]'} `, context);
  return answer !== null && (answer === '' ? byDefault : /^(y|yes)$/i.test(answer));
}

/** Asks for a line; null when the person leaves with Ctrl-C or Ctrl-D. */
async function ask(question: string, { stdin, stdout }: CliContext): Promise<string | null> {
  const input = createInterface({ input: stdin, output: stdout, terminal: true });
  const left = new Promise<null>((resolve) => input.once('close', () => resolve(null)));
  try {
    const answer = await Promise.race([input.question(question), left]);
    if (answer === null) stdout.write('\n');
    return answer === null ? null : answer.trim();
  } finally {
    input.close();
  }
}
