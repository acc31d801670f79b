import type { ClaudeCodeConnector } from '../../client/connector.ts';
import type { Interaction } from '../../domain/control/interaction.ts';
import { answerInWords } from '../../domain/control/interaction.ts';
import type { Paint } from '../output/paint.ts';
import { printable, printableLine } from '../output/printable.ts';

/** What is asked, whole, and how to answer it in this terminal. */
export function askLines(interaction: Interaction, paint: Paint): string[] {
  if (interaction.status !== 'open') {
    const how = interaction.answer === null ? interaction.status : answerInWords(interaction.answer);
    const who = interaction.answered_by === null ? '' : ` by ${printableLine(interaction.answered_by)}`;
    return [paint('dim', `${printableLine(interaction.title)}: ${printableLine(how)}${who}`)];
  }
  const { detail, kind } = interaction;
  const what =
    kind === 'question'
      ? detail.questions.flatMap(({ question, options }) => [
          printableLine(question),
          ...options.map(({ label, description }) =>
            `  ${printableLine(label)}  ${printableLine(description)}`.trimEnd(),
          ),
        ])
      : kind === 'plan'
        ? printable(detail.plan).split('\n')
        : kind === 'permission'
          ? [printableLine(detail.tool), ...printable(inputOf(detail.input)).split('\n')]
          : [printableLine(interaction.title)];
  const how =
    kind === 'question'
      ? '/answer <text> answers'
      : '/approve allows once, /approve session for the session, /deny [reason] denies';
  return [
    paint('yellow', `? ${what[0] ?? ''}`),
    ...what.slice(1).map((line) => `  ${line}`),
    paint('yellow', `  ${how}`),
  ];
}

function inputOf(input: Record<string, unknown>): string {
  const { command } = input;
  return typeof command === 'string' ? command : JSON.stringify(input, null, 2);
}

/**
 * Carries out `/approve`, `/deny` and `/answer` for what the session has asked for longest; the words for the terminal, or null
 * when the command is another one.
 */
export async function answerHere(
  connector: ClaudeCodeConnector,
  sessionId: string,
  command: string,
): Promise<string | null> {
  const [, word, rest = ''] = /^\/(approve|deny|answer)\b\s*(.*)$/s.exec(command) ?? [];
  if (word === undefined) return null;
  const { waiting } = await connector.requireSession(sessionId);
  if (waiting === null) return 'Nothing waits for you in this session';
  const { kind } = waiting;
  if (kind === 'question') {
    if (word !== 'answer' || rest === '') return 'This is a question: /answer <text> answers it';
    const [first] = waiting.detail.questions;
    const isOne = waiting.detail.questions.length === 1 && first !== undefined;
    await connector.answer(
      waiting.interaction_id,
      isOne ? { answers: { [first.question]: rest } } : { response: rest },
      {
        door: 'cli',
      },
    );
    return `Answered: ${printableLine(waiting.title)}`;
  }
  if (word === 'answer') return `This is a ${kind}: /approve or /deny decides about it`;
  const reason = rest === '' ? {} : { reason: rest };
  const allow =
    kind === 'plan' ? { decision: 'approve' } : { decision: rest === 'session' ? 'allow_session' : 'allow' };
  const deny = { decision: kind === 'plan' ? 'reject' : 'deny', ...reason };
  await connector.answer(waiting.interaction_id, word === 'approve' ? allow : deny, { door: 'cli' });
  return `${word === 'approve' ? 'Approved' : 'Denied'}: ${printableLine(waiting.title)}`;
}
