import type { AgentEvent, TextDelta } from '../../domain/event.ts';
import type { AgentPool } from '../agents/agent-pool.ts';
import type { AgentDriver } from '../drivers/driver.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import type { Logger } from '../../domain/logger.ts';
import type { AgentOptions } from '../../protocol/agent-protocol.ts';
import type { WarmAgents } from '../agents/warm-agents.ts';

/** What all sessions of a gateway share. */
export interface HostDeps {
  driver: AgentDriver;
  pool: AgentPool;
  warm: WarmAgents;
  journal: Journal;
  writer: JournalWriter;
  logger: Logger;
  /** What a session gets that does not choose. */
  defaults: AgentOptions;
  /** How long an agent may take to obey an interrupt before its process is ended. */
  interruptLimitMs: number;
}

/** Whoever reads a session's events as they happen. */
export interface HostListener {
  event(seq: number, event: AgentEvent): void;
  delta(delta: TextDelta): void;
}
