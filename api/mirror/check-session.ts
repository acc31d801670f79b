import { setTimeout as delay } from 'node:timers/promises';
import type { MirroredSession, MirrorRowQueries, MirrorRows } from '../../db/queries/mirror-rows.ts';
import type { MirrorDifference } from '../../domain/mirror/mirror-steps.ts';
import { nanoToUsd } from '../../domain/money/money.ts';
import type { JournalSession } from '../../domain/session/session-record.ts';
import { hasEnded } from '../../domain/session/session.ts';
import { compareRows } from './compare-rows.ts';
import { planSession } from './plan-session.ts';
import type { Plan } from './plan-session.ts';
import type { Scratch } from './scratch.ts';
import { readSources } from './sources.ts';
import type { MirrorDeps, SessionSources } from './sources.ts';

const TRIES = 4;
const AGAIN_MS = 400;
const DAY_MS = 86_400_000;

/** What a check has open. */
export interface CheckDeps extends MirrorDeps {
  rows: MirrorRowQueries;
  scratch: Scratch;
}

/**
 * Compares a session's rows with Temporal and the journal. The mirror may be ahead of its workflow, or behind it, by what is
 * just being done, so only what stays different is told. Throws `UNAVAILABLE`.
 */
export async function checkSession(
  deps: CheckDeps,
  sessionId: string,
  journal: JournalSession | null,
): Promise<MirrorDifference[]> {
  for (let tries = 1; ; tries += 1) {
    const sources = await readSources(deps, sessionId, journal);
    const found = await compare(deps, sources, deps.rows.rows(sessionId));
    if (found.length === 0 || tries === TRIES) return found;
    await delay(AGAIN_MS);
  }
}

async function compare(
  deps: CheckDeps,
  sources: SessionSources,
  actual: MirrorRows | null,
): Promise<MirrorDifference[]> {
  const { session_id, record, events } = sources;
  const tell = (part: MirrorDifference['part'], text: string): MirrorDifference => ({
    session_id,
    part,
    id: null,
    text,
  });
  if (record === null && events.length === 0) {
    const missed = actual !== null && isMissed(actual.session, deps.retentionDays);
    return missed ? [tell('session', 'it is in the mirror only: Temporal and the journal do not know it')] : [];
  }
  if (actual === null) return [tell('session', 'the mirror does not know it')];

  const plan = planSession(deps, sources, actual, { ahead: false });
  const expected = await deps.scratch.rowsOf(session_id, plan.writes);
  const lost = plan.unprovable !== null && record?.snapshot.at_least_once !== true ? [plan.unprovable] : [];
  return [
    ...lost.map((text) => tell('journal', text)),
    ...versionDifference(sources, actual.session, plan).map((text) => tell('session', text)),
    ...compareRows(actual, expected, {
      unprovable: new Set(plan.carried.map(({ id }) => id)),
      journalled: plan.unprovable === null,
    }),
    ...ledgerDifference(sources, actual.session, plan).map((text) => tell('ledger', text)),
  ];
}

/** Whether Temporal must still know a session that the mirror has. */
function isMissed({ status, version, ended_at }: MirroredSession, retentionDays: number): boolean {
  if (!hasEnded(status)) return true;
  const isKept = Date.now() - Date.parse(ended_at ?? '') < retentionDays * DAY_MS;
  // One that its workflow never spoke of may have had none.
  return version > 1 && isKept;
}

function versionDifference({ record }: SessionSources, { version }: MirroredSession, { final }: Plan): string[] {
  if (record === null || version === final.version) return [];
  const isOpening = !record.ended && record.opening && version === record.snapshot.version;
  return isOpening ? [] : [`version is ${version}, should be ${final.version}`];
}

/**
 * The ledger adds up what the journal settled, and the mirror what it was told: all three are the same money. What is above
 * the workflow's cursor is still to be booked, unless the workflow has ended: then it never will be.
 */
function ledgerDifference({ record, events }: SessionSources, session: MirroredSession, plan: Plan): string[] {
  if (record === null) return [];
  const booked = events.reduce((sum, { seq, event }) => {
    return event.type === 'result' && (record.ended || seq <= record.cursor) ? sum + (event.turn.cost_nano ?? 0) : sum;
  }, 0);
  const [told, where] = plan.unprovable === null ? [booked, 'the journal'] : [session.cost_nano, 'the mirror'];
  if (told === record.cost_nano) return [];
  return [`the workflow has booked $${nanoToUsd(record.cost_nano)}, ${where} says $${nanoToUsd(told)}`];
}
