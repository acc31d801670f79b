import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { hasEnded, takesMessages } from '../../../domain/session/session.ts';
import { api } from '../../api/calls.ts';
import type { Session } from '../../api/calls.ts';
import { useMedia, useNow, useSession, useTranscript } from '../../hooks.ts';
import { visibleRows } from '../../live/transcript.ts';
import type { Row } from '../../live/transcript.ts';
import { formatDuration } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { nameOf, stateOf } from '../../ui/session-state.ts';
import { Button, Dialog, Failure, Money, Simulated, Skeleton, State, classes } from '../../ui/ui.tsx';
import ui from '../../ui/ui.module.css';
import { Asking } from './asking.tsx';
import { Composer } from './composer.tsx';
import { Inspector } from './inspector.tsx';
import { StopButton } from './stop-button.tsx';
import { TranscriptList } from './transcript-list.tsx';
import css from './session.module.css';

/** One session: its transcript as a document, the composer below, the inspector beside it. */
export function SessionView({ sessionId }: { sessionId: string }): ReactNode {
  const session = useSession(sessionId);
  const loaded = useTranscript(sessionId);
  const wide = useMedia('(min-width: 1200px)');
  const [details, setDetails] = useState(false);

  if (session.data === undefined && session.error !== null) {
    return <Failure error={session.error} retry={() => void session.refetch()} />;
  }
  if (session.data === undefined || loaded === undefined) {
    return (
      <div className={css.loading}>
        <Skeleton lines={10} />
      </div>
    );
  }
  const rows = visibleRows(loaded.transcript);
  const busy =
    rows.some((row) => row.kind === 'prompt' && row.status === 'sent') ||
    Object.keys(loaded.transcript.live).length > 0;
  const inspector = <Inspector session={session.data} rows={rows} />;
  return (
    <div className={css.session}>
      <div className={css.column}>
        <Header session={session.data} busy={busy} onDetails={wide ? null : () => setDetails(true)} />
        {loaded.state === 'failed' && loaded.error !== null ? (
          <Failure error={loaded.error} />
        ) : (
          <TranscriptList loaded={loaded} rows={rows} busy={busy} />
        )}
        {busy && session.data.waiting === null && <Working rows={rows} />}
        {session.data.waiting !== null && (
          <Asking key={session.data.waiting.interaction_id} interaction={session.data.waiting} />
        )}
        <Foot session={session.data} rows={rows} />
      </div>
      {wide && <aside className={css.aside}>{inspector}</aside>}
      {!wide && details && (
        <Dialog title="Details" sheet onClose={() => setDetails(false)}>
          {inspector}
        </Dialog>
      )}
    </div>
  );
}

function Header(props: { session: Session; busy: boolean; onDetails: (() => void) | null }): ReactNode {
  const { session, busy, onDetails } = props;
  return (
    <header className={css.head}>
      <Link href="/" className={classes(ui.button, ui.quiet, ui.icon, css.back)} aria-label="Back to the sessions">
        <Icon name="back" />
      </Link>
      <h1 title={session.project_path}>{nameOf(session)}</h1>
      <span className={css.headState}>
        <State name={stateOf(session, busy)} />
      </span>
      {session.simulated && <Simulated />}
      <span className={css.headCost}>
        <Money usd={session.cost_usd} simulated={session.simulated} />
        {session.budget && (
          <span>
            {' '}
            of <Money usd={session.budget.limit_usd} />
          </span>
        )}
      </span>
      <span className={css.headActions}>
        {busy && <StopButton sessionId={session.id} />}
        {onDetails !== null && (
          <Button look="quiet" icon aria-label="Details" title="Details" onClick={onDetails}>
            <Icon name="info" />
          </Button>
        )}
      </span>
    </header>
  );
}

/** What the running turn does, and for how long. */
function Working({ rows }: { rows: Row[] }): ReactNode {
  const now = useNow(1000);
  const prompt = rows.findLast((row) => row.kind === 'prompt' && row.status === 'sent');
  const tool = rows.findLast((row) => row.kind === 'tool' && row.endedAt === null);
  const since = prompt?.kind === 'prompt' ? prompt.sentAt : null;
  return (
    <div className={css.working} data-kind="working">
      <span>
        Working
        {since !== null &&
          ` for ${formatDuration(Math.max(1000, Math.round((now - Date.parse(since)) / 1000) * 1000))}`}
      </span>
      {tool?.kind === 'tool' && (
        <code>
          {tool.tool} {tool.summary}
        </code>
      )}
    </div>
  );
}

/** The composer, or why there is none. */
function Foot({ session, rows }: { session: Session; rows: Row[] }): ReactNode {
  const client = useQueryClient();
  const again = useMutation({
    mutationFn: () =>
      api.create({ user_id: session.user_id, project_path: session.project_path, session_id: session.id }),
    onSettled: () => client.invalidateQueries({ queryKey: ['session', session.id] }),
  });
  if (takesMessages(session.status)) return <Composer sessionId={session.id} rows={rows} />;
  return (
    <div className={css.over}>
      <span>
        {session.status === 'error'
          ? (session.error?.message ?? 'The session failed')
          : hasEnded(session.status)
            ? `Ended: ${session.reason ?? 'no reason was given'}`
            : 'The session is ending'}
      </span>
      {session.status === 'error' && (
        <Button disabled={again.isPending} onClick={() => again.mutate()}>
          Start again
        </Button>
      )}
      {again.error !== null && <span role="alert">{again.error.message}</span>}
      {hasEnded(session.status) && (
        <Link className={ui.button ?? ''} href={`/new?project=${encodeURIComponent(session.project_path)}`}>
          New session here
        </Link>
      )}
    </div>
  );
}
