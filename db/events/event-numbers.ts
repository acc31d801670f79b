import type { SessionEventBody } from '../../domain/session/event.ts';

type EventType = SessionEventBody['type'];

/** The types of the stored events by the number that stands in the table. Never reorder, only append. */
export const EVENT_TYPES = [
  'status',
  'queued',
  'sent',
  'text',
  'result',
  'cost',
  'closed',
  'tool_started',
  'tool_finished',
  'permission',
  'background',
  'notice',
  'interaction',
  'tool_ran',
] as const satisfies readonly EventType[];

type Forgotten = Exclude<EventType, (typeof EVENT_TYPES)[number]>;
/** Fails to compile when a type of event has no number. @compileTimeCheck */
export const everyTypeHasANumber: [Forgotten] extends [never] ? true : never = true;

/** The number of a type. */
export function typeNumber(type: EventType): number {
  return EVENT_TYPES.indexOf(type);
}

/** The type of a number. Throws when a newer version wrote it. */
export function typeOfNumber(number: number): EventType {
  const type = EVENT_TYPES[number];
  if (type === undefined) throw new Error(`Event type is not known: ${number}`);
  return type;
}
