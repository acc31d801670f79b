import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api } from '../../api/calls.ts';
import { Empty, Failure, Skeleton } from '../../ui/ui.tsx';
import { Asking } from '../session/asking.tsx';
import view from '../view.module.css';

/** Everything that waits for a person, oldest first, answered in place. */
export function InboxView(): ReactNode {
  const query = useQuery({
    queryKey: ['inbox'],
    queryFn: ({ signal }) => api.inbox(signal),
    refetchInterval: 10_000,
  });
  const open = query.data?.interactions ?? [];
  return (
    <div className={view.page}>
      <h1>Inbox</h1>
      {query.error !== null && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton lines={6} />}
      {query.isSuccess && open.length === 0 && <Empty>Nothing waits for you.</Empty>}
      {open.map((interaction) => (
        <Asking
          key={interaction.interaction_id}
          interaction={interaction}
          session={
            <Link href={`/sessions/${encodeURIComponent(interaction.session_id)}`}>{interaction.session_id}</Link>
          }
        />
      ))}
    </div>
  );
}
