import { and, desc, eq, lt } from 'drizzle-orm';
import type { Audit, AuditEntry, AuditFilter, AuditRecord } from '../../domain/access/audit.ts';
import type { Logger } from '../../domain/logger.ts';
import type { Database } from '../file/open.ts';
import { audit } from '../schema/people.ts';

const KEPT = 100_000;
const REFUSALS_A_MINUTE = 120;
const LONGEST = 300;

/**
 * The audit in the file. It keeps the newest 100,000 records. Of one process 120 refusals a minute are kept; how many more
 * there were is one record, so that refused calls cannot fill the disk or push out older records quickly.
 */
export class AuditTrail implements Audit {
  readonly #db: Database;
  /** Null where the process has no log: the command line. */
  readonly #logger: Logger | null;
  readonly #now: () => number;
  #minute = 0;
  #refusals = 0;

  constructor(db: Database, logger: Logger | null, now: () => number = Date.now) {
    this.#db = db;
    this.#logger = logger;
    this.#now = now;
  }

  record(entry: AuditEntry): void {
    this.#logger?.[entry.outcome === 'refused' ? 'warn' : 'info']({ audit: entry }, inWords(entry));
    try {
      if (entry.outcome === 'done') return void this.#db.transaction(() => this.#insert(entry));
      const skipped = this.#countRefusal();
      if (this.#refusals > REFUSALS_A_MINUTE) return;
      // Who is refused must not decide how often the disk is synced.
      this.#db.relaxed(() => {
        if (skipped > 0)
          this.#insert({ ...entry, who: null, object: null, reason: `${skipped} more were not recorded` });
        this.#insert(entry);
      });
    } catch (error) {
      this.#logger?.error({ err: error, audit: entry }, 'The audit could not be written');
    }
  }

  list({ limit, before, who, action, outcome }: AuditFilter): AuditRecord[] {
    return this.#db
      .select()
      .from(audit)
      .where(
        and(
          before === undefined ? undefined : lt(audit.id, before),
          who === undefined ? undefined : eq(audit.who, who),
          action === undefined ? undefined : eq(audit.action, action),
          outcome === undefined ? undefined : eq(audit.outcome, outcome),
        ),
      )
      .orderBy(desc(audit.id))
      .limit(limit)
      .all();
  }

  #insert({ who, door, evidence, action, object, outcome, reason = null }: AuditEntry): void {
    const at = new Date(this.#now()).toISOString();
    const row = { at, who, door, evidence, action, object: cut(object), outcome, reason: cut(reason) };
    const { id } = this.#db.insert(audit).values(row).returning({ id: audit.id }).get();
    if (id % 1_000 === 0)
      this.#db
        .delete(audit)
        .where(lt(audit.id, id - KEPT))
        .run();
  }

  /** Counts a refusal of this minute; returns how many of the minute before were not recorded. */
  #countRefusal(): number {
    const minute = Math.floor(this.#now() / 60_000);
    const skipped = minute === this.#minute ? 0 : Math.max(0, this.#refusals - REFUSALS_A_MINUTE);
    if (minute !== this.#minute) this.#refusals = 0;
    this.#minute = minute;
    this.#refusals += 1;
    return skipped;
  }
}

function inWords({ who, door, action, object, outcome, reason }: AuditEntry): string {
  const what = [action, object].filter((part) => part !== null).join(' ');
  const why = reason === undefined || reason === null ? '' : `: ${reason}`;
  return `${outcome === 'refused' ? 'Refused' : 'Done'} for ${who ?? 'nobody known'} by ${door}: ${what}${why}`;
}

function cut(text: string | null): string | null {
  return text === null || text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
