import { useState } from 'react';
import type { ReactNode } from 'react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { hasEnded } from '../../../domain/session/session.ts';
import { api } from '../../api/calls.ts';
import type { Session } from '../../api/calls.ts';
import type { Row } from '../../live/transcript.ts';
import { usePage } from '../../page-context.ts';
import { formatClock, formatDuration } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { Button, Copy, Money } from '../../ui/ui.tsx';
import css from './session.module.css';

const TURNS = 20;

/** What is known about a session beside what was said: its queue, its turns' costs, its facts. */
export function Inspector({ session, rows }: { session: Session; rows: Row[] }): ReactNode {
  const queue = rows.flatMap((row) => (row.kind === 'prompt' && row.status === 'queued' ? [row] : []));
  return (
    <div className={css.inspector}>
      {queue.length > 0 && (
        <section className={css.part}>
          <h2>Queue</h2>
          <ol className={css.queue}>
            {queue.map(({ key, text }) => (
              <li key={key}>{text}</li>
            ))}
          </ol>
        </section>
      )}
      <Turns session={session} rows={rows} />
      <Facts session={session} />
      {!hasEnded(session.status) && <EndSession session={session} />}
    </div>
  );
}

function Turns({ session, rows }: { session: Session; rows: Row[] }): ReactNode {
  const prompts = new Map(rows.flatMap((row) => (row.kind === 'prompt' ? [[row.messageId, row.text]] : [])));
  const turns = rows.flatMap((row) => (row.kind === 'result' ? [row] : [])).slice(-TURNS);
  return (
    <section className={css.part}>
      <h2>Cost</h2>
      <table className={css.turns}>
        <thead>
          <tr>
            <th scope="col">Turn</th>
            <th scope="col">Time</th>
            <th scope="col">Cost</th>
          </tr>
        </thead>
        <tbody>
          {turns.map((row) => (
            <tr key={row.key}>
              <td>{(row.messageId === null ? undefined : prompts.get(row.messageId)) ?? 'by itself'}</td>
              <td>{row.startedAt === null ? '–' : formatDuration(Date.parse(row.at) - Date.parse(row.startedAt))}</td>
              <td>
                <Money usd={row.costUsd} simulated={row.simulated} />
              </td>
            </tr>
          ))}
          <tr>
            <td>
              <b>Session</b>
            </td>
            <td>{session.message_count}</td>
            <td>
              <b>
                <Money usd={session.cost_usd} simulated={session.simulated} />
              </b>
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}

function Facts({ session }: { session: Session }): ReactNode {
  const { me } = usePage();
  const workflowId = `session-${session.id}`;
  // Temporal's Web UI listens on the server's loopback, which another device cannot open.
  const isHere = ['localhost', '127.0.0.1', '[::1]', 'xswarm.localhost'].includes(location.hostname);
  const workflow = me.workflows_url === null ? null : `${me.workflows_url}/${encodeURIComponent(workflowId)}`;
  const { model, permission_mode: mode } = session.options;
  return (
    <section className={css.part}>
      <h2>Details</h2>
      <dl className={css.facts}>
        <dt>Project</dt>
        <dd>{session.project_path}</dd>
        <dt>User</dt>
        <dd>{session.user_id}</dd>
        <dt>Agent</dt>
        <dd>
          {session.agent ?? '–'}
          {session.at_least_once && ', delivers at least once'}
        </dd>
        {model !== undefined && (
          <>
            <dt>Model</dt>
            <dd>{model}</dd>
          </>
        )}
        {mode !== undefined && (
          <>
            <dt>Mode</dt>
            <dd>{mode}</dd>
          </>
        )}
        <dt>Started</dt>
        <dd>{formatClock(session.started_at)}</dd>
        {session.ended_at !== null && (
          <>
            <dt>Ended</dt>
            <dd>{formatClock(session.ended_at)}</dd>
          </>
        )}
        <dt>Session</dt>
        <dd className={css.id}>
          <code title={session.id}>{session.id}</code>
          <Copy text={session.id} label="Copy the session's id" />
        </dd>
        <dt>Workflow</dt>
        <dd className={css.id}>
          {workflow !== null && isHere ? (
            <a href={workflow} target="_blank" rel="noopener noreferrer">
              Open in Temporal <Icon name="link" size={12} />
            </a>
          ) : (
            <>
              <code title={workflowId}>{workflowId}</code>
              <Copy text={workflowId} label="Copy the workflow's id" />
            </>
          )}
        </dd>
        <dt>Export</dt>
        <dd>
          <a
            href={`/api/claude-code/sessions/${encodeURIComponent(session.id)}/export?format=md`}
            download={`${session.id}.md`}
          >
            Markdown
          </a>
          {' · '}
          <a
            href={`/api/claude-code/sessions/${encodeURIComponent(session.id)}/export`}
            download={`${session.id}.jsonl`}
          >
            JSON lines
          </a>
        </dd>
      </dl>
    </section>
  );
}

/** Ends the session after a second press. */
function EndSession({ session }: { session: Session }): ReactNode {
  const client = useQueryClient();
  const [sure, setSure] = useState(false);
  const end = useMutation({
    mutationFn: () => api.end(session.id),
    onSettled: () => client.invalidateQueries({ queryKey: ['session', session.id] }),
  });
  return (
    <section className={css.part}>
      {end.error !== null && <p role="alert">{end.error.message}</p>}
      {sure ? (
        <span>
          <Button look="danger" disabled={end.isPending} onClick={() => end.mutate()}>
            {end.isPending ? 'Ending…' : 'End it now'}
          </Button>{' '}
          <Button look="quiet" onClick={() => setSure(false)}>
            Keep it
          </Button>
        </span>
      ) : (
        <span>
          <Button onClick={() => setSure(true)}>End the session</Button>
        </span>
      )}
    </section>
  );
}
