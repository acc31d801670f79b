import { z } from 'zod';

/** One agent, as `GET /status` shows it. */
export const agentStatus = z.object({
  /** Null for one that waits for a new session. */
  session_id: z.string().nullable(),
  pid: z.number().nullable(),
  rss_bytes: z.number().nullable(),
  since: z.string().nullable(),
  state: z.enum(['starting', 'running', 'background', 'ready', 'warm']),
});
export type AgentStatus = z.infer<typeof agentStatus>;
