import { isDeepStrictEqual } from 'node:util';
import { REBUILT_NOTICE } from '../../db/mirror/rebuild-session.ts';
import type { MirroredMessage, MirroredSession, MirrorRows } from '../../db/queries/mirror-rows.ts';
import type { SessionEvent } from '../../domain/session/event.ts';
import type { MirrorDifference } from '../../domain/mirror/mirror-steps.ts';

/** Where a session's own row must be equal, beside what is compared with a rule of its own. */
const SESSION_FIELDS = [
  'user_id',
  'project_path',
  'title',
  'options',
  'status',
  'reason',
  'failure',
  'agent',
  'simulated',
  'at_least_once',
  'started_at',
  'ended_at',
] as const satisfies readonly (keyof MirroredSession)[];

/** What follows from the session's messages and events. */
const SUM_FIELDS = [
  'cost_nano',
  'message_count',
  'queued',
  'running',
] as const satisfies readonly (keyof MirroredSession)[];

const MESSAGE_FIELDS = [
  'direction',
  'message',
  'status',
  'context',
  'cost_nano',
  'reply_to',
  'failure',
  'simulated',
  'provisional',
  'usage',
] as const satisfies readonly (keyof MirroredMessage)[];

/** Events that say what the message they point at says too, or what follows from others. */
const DERIVED = new Set(['status', 'closed', 'cost']);
const SHOWN_CHARACTERS = 80;

/** What is compared beside the session's own row. */
export interface CompareOptions {
  /** Messages that nothing but the mirror tells of. */
  unprovable: ReadonlySet<string>;
  /** Whether there is a journal to compare the stream with. */
  journalled: boolean;
}

/** Names what the mirror's rows of a session say otherwise than the rows that they should be. */
export function compareRows(actual: MirrorRows, expected: MirrorRows, options: CompareOptions): MirrorDifference[] {
  const { id } = expected.session;
  const sums = options.journalled ? [...SUM_FIELDS, 'agent_seq' as const] : SUM_FIELDS;
  return [
    ...differingFields(actual.session, expected.session, [...SESSION_FIELDS, ...sums]).map((text) =>
      about(id, 'session', null, text),
    ),
    ...compareMessages(id, actual.messages, expected.messages, options.unprovable),
    ...(options.journalled ? compareEvents(id, actual.events, expected.events) : []),
    ...compareStream(id, actual),
  ];
}

function compareMessages(
  sessionId: string,
  actual: MirroredMessage[],
  expected: MirroredMessage[],
  unprovable: ReadonlySet<string>,
): MirrorDifference[] {
  const there = new Map(actual.map((message) => [message.id, message]));
  const wanted = new Set(expected.map(({ id }) => id));
  return [
    ...expected.flatMap((message) => {
      if (unprovable.has(message.id)) return [];
      const found = there.get(message.id);
      if (found === undefined) return [about(sessionId, 'message', message.id, `it is missing (${summary(message)})`)];
      // When a question was accepted is the word of another clock than the mirror's.
      const names = message.direction === 'from_claude' ? [...MESSAGE_FIELDS, 'timestamp' as const] : MESSAGE_FIELDS;
      return differingFields(found, message, names).map((text) => about(sessionId, 'message', message.id, text));
    }),
    ...actual
      .filter(({ id }) => !wanted.has(id))
      .map((message) => about(sessionId, 'message', message.id, `nobody knows it (${summary(message)})`)),
  ];
}

function compareEvents(sessionId: string, actual: SessionEvent[], expected: SessionEvent[]): MirrorDifference[] {
  const surplus = new Map<string, number>();
  const count = (events: SessionEvent[], by: 1 | -1): void => {
    for (const event of events) {
      if (DERIVED.has(event.type) || (event.type === 'notice' && event.text === REBUILT_NOTICE)) continue;
      const key = keyOf(event);
      surplus.set(key, (surplus.get(key) ?? 0) + by);
    }
  };
  count(actual, 1);
  count(expected, -1);
  return [...surplus].flatMap(([key, number]) => {
    if (number === 0) return [];
    const text = number < 0 ? 'it is missing' : 'nobody knows it, or it is there twice';
    return [about(sessionId, 'event', null, `${text}: ${shown(key)}`)];
  });
}

/** What an event is known by; of one about a message whose own row is compared, that there is one for it. */
function keyOf(event: SessionEvent): string {
  const { session_id: _sessionId, seq: _seq, type, ...body } = event;
  if (event.type === 'queued' || event.type === 'sent') return `${type} ${event.message_id}`;
  if (event.type === 'result') return `${type} ${event.turn_id}`;
  return `${type} ${JSON.stringify(body, Object.keys(body).sort())}`;
}

function compareStream(sessionId: string, { session, events, ahead }: MirrorRows): MirrorDifference[] {
  const broken = events.findIndex(({ seq }, index) => seq !== index + 1);
  const hole = broken === -1 ? [] : [about(sessionId, 'event', String(broken + 1), 'the stream has a hole here')];
  const last = events.at(-1)?.seq ?? 0;
  const end =
    last === session.event_seq
      ? []
      : [about(sessionId, 'session', null, `event_seq is ${session.event_seq}, the stream ends at ${last}`)];
  const waiting =
    ahead.length === 0
      ? []
      : [
          about(
            sessionId,
            'event',
            null,
            `events of the gateway before ${ahead[0]} are missing (from ${session.agent_seq + 1})`,
          ),
        ];
  return [...hole, ...end, ...waiting];
}

function differingFields<T extends object>(actual: T, expected: T, names: readonly (keyof T & string)[]): string[] {
  return names
    .filter((name) => !isDeepStrictEqual(actual[name], expected[name]))
    .map((name) => `${name} is ${shown(actual[name])}, should be ${shown(expected[name])}`);
}

function about(session_id: string, part: MirrorDifference['part'], id: string | null, text: string): MirrorDifference {
  return { session_id, part, id, text };
}

function summary({ direction, message }: MirroredMessage): string {
  return `${direction}: ${shown(message)}`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
