import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCaller } from './caller.ts';
import { explainSession } from './explain.ts';
import { makeCallerLedger } from './ledger.ts';
import { startUsers } from './load.ts';
import { makeParts, type Death, type PartName, type Parts, type PartsOptions } from './parts.ts';
import { makePrng, type Prng } from './prng.ts';
import { markedProcesses, residentMib } from './processes.ts';
import { makeRecoveryWatch, type RecoveryTimes } from './recovery.ts';
import { drawStrike, FAULT_POINTS, outage, type Strike } from './strikes.ts';
import { verify, type Findings } from './verify.ts';

export interface FaultRun {
  seed: number;
  /** Milliseconds of harm; what was begun is finished after it. */
  harmMs: number;
  users: number;
  durability: 'full' | 'normal';
  /** Divides the pauses of users and between strikes. */
  pace?: number;
  /** Strikes in this order instead of drawn ones, and none at named places. */
  script?: readonly Strike[];
  /** How long Temporal is away once in the run; 0 for never. */
  outageMs?: number;
  /** More of the parts' environment, for a run with real agents. */
  env?: NodeJS.ProcessEnv;
  /** More strikes that are drawn as often as all others together. */
  more?: readonly Strike[];
  simulated?: boolean;
  /** Tells the history of what recovered slowly: longer than `slowMs` (default 6,000). */
  explain?: boolean;
  slowMs?: number;
  /** Keeps the folders when something failed. */
  keep?: boolean;
  say(line: string): void;
}

export interface FaultReport {
  kills: number;
  /** Strikes and deaths at named places, by name. */
  harms: Map<string, number>;
  messages: number;
  sessions: number;
  repeats: number;
  recovery: RecoveryTimes;
  findings: Findings;
  /** Largest resident memory of each part, MiB. */
  memory: Record<PartName, number>;
  folder: string;
}

const PARTS = ['temporal', 'gateway', 'app'] as const;
const PROBES = 3;
const PROBE_OPTIONS = { idle_after_seconds: 600, idle_timeout_seconds: 3_600 };
const QUIET_MS = 60_000;
const SLOW_MS = 6_000;
/** A run hands over after this many events, so that it happens all the time. */
const BUDGET_EVENTS = '60';

/** Starts the product, lets users talk while its parts die, waits until it is quiet, and looks whether every promise held. */
export async function runFaults(run: FaultRun): Promise<FaultReport> {
  const prng = makePrng(run.seed);
  const arming = prng.fork('arming');
  const ledger = makeCallerLedger();
  const harms = new Map<string, number>();
  const memory: FaultReport['memory'] = { temporal: 0, gateway: 0, app: 0 };
  const struck = new Map<PartName, number>();
  const stuck: string[] = [];
  /** Parts that live their first life after they died at a place: one in peace. */
  const spared = new Set<PartName>();
  const stop = new AbortController();
  const leave = new AbortController();
  setMaxListeners(0, stop.signal, leave.signal);
  let kills = 0;
  let armed = false;
  let onPointDeath: (death: Death) => void = () => undefined;

  const options: PartsOptions = {
    durability: run.durability,
    env: { CRASH_BUDGET_EVENTS: BUDGET_EVENTS, ...run.env },
    nextPoint: (part) => (armed && !spared.delete(part) ? drawPoint(part, arming, harms) : null),
    onDeath(death) {
      const ours = performance.now() - (struck.get(death.part) ?? -Infinity) < 1_000;
      if (ours) return;
      const name = death.point === null ? `${death.part} died by itself: ${death.how}` : `at ${pointName(death.point)}`;
      harms.set(name, (harms.get(name) ?? 0) + 1);
      kills += 1;
      run.say(`${name}`);
      if (death.point === null) return;
      spared.add(death.part);
      onPointDeath(death);
    },
  };
  const parts = await makeParts(options);
  const sampling = setInterval(() => {
    for (const part of PARTS) memory[part] = Math.max(memory[part], residentMib(parts.pid(part)));
  }, 500);
  let failed = true;
  try {
    await parts.start();
    const caller = makeCaller({ url: parts.restUrl, project: parts.project, ledger, stop: stop.signal });
    const probes = Array.from({ length: PROBES }, (_, index) => `probe-${run.seed}-${index}`);
    for (const probe of probes) {
      await caller.create(probe, PROBE_OPTIONS);
      await caller.ask(probe, `${probe}/hello`, 'say hello');
    }
    const users = startUsers({
      count: run.users,
      caller,
      prng: prng.fork('users'),
      leave: leave.signal,
      pace: run.pace ?? 1,
      plain: run.simulated === false,
    });
    const slow = (sessionId: string, tookMs: number, recovers: string): void => {
      run.say(`slow: ${sessionId} after ${Math.round(tookMs)} ms (${recovers})`);
      if (run.explain !== true) return;
      explainSession(parts.temporalAddress, sessionId, new Date(Date.now() - tookMs - 2_000)).then(
        (lines) => lines.forEach((line) => run.say(line)),
        (error: unknown) => run.say(`cannot explain: ${String(error)}`),
      );
    };
    const watch = makeRecoveryWatch({ caller, ledger, probes, slowMs: run.slowMs ?? SLOW_MS, slow });
    let measuring = false;
    const measure = async (recovers: string): Promise<void> => {
      if (measuring) return watch.disturb();
      measuring = true;
      try {
        stuck.push(...(await watch.measure(recovers)));
      } finally {
        measuring = false;
      }
    };
    let pointMeasured: Promise<void> = Promise.resolve();
    onPointDeath = ({ part }) => {
      const measured = measure(part === 'temporal' ? 'Temporal' : part);
      pointMeasured = Promise.all([pointMeasured, measured]).then(() => undefined);
      pointMeasured.catch(() => undefined);
    };

    armed = run.script === undefined;
    await sleep(1_500);
    const strikes = prng.fork('strikes');
    const began = performance.now();
    let left = run.outageMs ?? 0;
    /** The last strike was not watched, so what follows is the recovery from more than one. */
    let unwatched = false;
    for (let index = 0; performance.now() - began < run.harmMs; index += 1) {
      const script = run.script?.[index];
      if (run.script !== undefined && script === undefined) break;
      const isOutage = script === undefined && left > 0 && performance.now() - began > run.harmMs / 2;
      if (isOutage) left = 0;
      const strike = script ?? (isOutage ? outage(run.outageMs ?? 0) : draw(strikes, run.more));
      await pointMeasured;
      for (const part of PARTS) struck.set(part, performance.now());
      harms.set(strike.name, (harms.get(strike.name) ?? 0) + 1);
      kills += strike.kills;
      run.say(strike.name);
      await strike.run(parts, strikes);
      for (const part of PARTS) struck.set(part, performance.now());
      // Half of the strikes are watched to their end; the others are followed by the next one before anything recovered.
      const watched = script !== undefined || isOutage || !strikes.chance(0.45);
      if (watched) await measure(unwatched ? 'several at once' : strike.recovers);
      unwatched = !watched;
      await sleep(strikes.whole(50, 600) / (run.pace ?? 1));
    }
    armed = false;
    onPointDeath = () => undefined;
    await pointMeasured;

    run.say('waiting until it is quiet');
    leave.abort();
    stuck.push(...(await finish(users.map(({ name, done }) => ({ name, done })))));
    await parts.ready();
    for (const { id } of [...ledger.sessions.values()]) stuck.push(...(await probe(id, caller, ledger, parts)));
    await sleep(500);
    const findings = await verify(parts, ledger, { simulated: run.simulated !== false });
    findings.stuck.push(...stuck);
    findings.orphans.push(...strangers(parts));
    await parts.stop();
    await sleep(300);
    findings.orphans.push(...markedProcesses(parts.mark).map(({ pid, command }) => `left: ${pid} ${command}`));
    failed = isBroken(findings);
    return {
      kills,
      harms,
      messages: ledger.messages.filter((message) => message.message_id !== null).length,
      sessions: ledger.sessions.size,
      repeats: ledger.messages.reduce((sum, message) => sum + message.tries - 1, 0),
      recovery: watch.times,
      findings,
      memory,
      folder: parts.folder,
    };
  } finally {
    clearInterval(sampling);
    stop.abort(new Error('the run is over'));
    leave.abort();
    if (failed && run.keep === true) {
      run.say(`the folder is kept: ${parts.folder}`);
      await parts.stop();
    } else await parts.remove();
  }
}

/** The failure columns. */
export function isBroken({ lost, doubled, outOfOrder, wrongCost, stuck, orphans }: Findings): boolean {
  return [lost, doubled, outOfOrder, wrongCost, stuck, orphans].some((column) => column.length > 0);
}

function draw(prng: Prng, more: readonly Strike[] = []): Strike {
  return more.length > 0 && prng.chance(0.5) ? prng.pick(more) : drawStrike(prng);
}

/** A place for the life that begins: those that were met least so far come first, and not every life has one. */
function drawPoint(part: PartName, prng: Prng, harms: ReadonlyMap<string, number>): string | null {
  const points = FAULT_POINTS[part];
  if (points.length === 0 || prng.chance(0.5)) return null;
  const met = (point: string): number => harms.get(`at ${point}`) ?? 0;
  const least = Math.min(...points.map(met));
  const point = prng.pick(prng.chance(0.6) ? points.filter((one) => met(one) === least) : points);
  return `${point}:${prng.whole(1, point === 'workflow.next_run' ? 2 : 6)}`;
}

function pointName(point: string): string {
  return point.replace(/:\d+$/, '');
}

async function finish(users: { name: string; done: Promise<void> }[]): Promise<string[]> {
  const stuck: string[] = [];
  const deadline = Date.now() + QUIET_MS;
  for (const { name, done } of users) {
    const late = sleep(Math.max(1, deadline - Date.now()), 'late' as const, { ref: false });
    const end = await Promise.race([done.then(() => 'done' as const).catch(String), late]);
    if (end === 'late') stuck.push(`${name} waits for an answer since ${QUIET_MS / 1000} s`);
    else if (end !== 'done') stuck.push(`${name}: ${end}`);
  }
  return stuck;
}

/** Each session that is open answers once more; each that is not says so. */
async function probe(
  id: string,
  caller: ReturnType<typeof makeCaller>,
  ledger: ReturnType<typeof makeCallerLedger>,
  parts: Parts,
): Promise<string[]> {
  const answer = await fetch(`${parts.restUrl}/api/claude-code/sessions/${id}`);
  const { status } = (await answer.json()) as { status?: string };
  if (status === 'disconnected' || status === 'error') {
    return ledger.sessions.get(id)?.ended === true || status === 'disconnected' ? [] : [`${id} ended in error`];
  }
  const asked = caller.ask(id, `${id}/last`, `say last ${id}`);
  const end = await Promise.race([asked, sleep(20_000, null, { ref: false })]);
  return (end?.answeredAt ?? null) === null ? [`${id} (${status}) does not answer`] : [];
}

/** Marked processes that are neither a part nor the child of one. */
function strangers(parts: Parts): string[] {
  const own = new Set(PARTS.map((part) => parts.pid(part)));
  return markedProcesses(parts.mark)
    .filter(({ pid, parent }) => !own.has(pid) && !own.has(parent) && parent !== process.pid)
    .map(({ pid, command }) => `${pid} ${command}`);
}
