import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/calls.ts';
import { useLine } from '../../hooks.ts';
import { usePage } from '../../page-context.ts';
import { formatClock } from '../../ui/format.ts';
import { Command } from '../../ui/ui.tsx';
import view from '../view.module.css';
import css from './system.module.css';

/** Whether everything that xswarm needs is there. */
export function SystemView(): ReactNode {
  const { me } = usePage();
  const line = useLine();
  const ready = useQuery({
    queryKey: ['ready'],
    queryFn: ({ signal }) => api.ready(signal),
    refetchInterval: 10_000,
    retry: false,
  });
  const version = useQuery({ queryKey: ['version'], queryFn: ({ signal }) => api.version(signal) });
  const checks = [
    {
      name: 'Temporal, database, gateway',
      state: ready.isPending ? 'wait' : ready.isSuccess ? 'ok' : 'fail',
      text: ready.isPending ? 'asking' : ready.isSuccess ? 'ready' : (ready.error?.message ?? ''),
    },
    {
      name: 'Live events',
      state: line.state === 'live' ? 'ok' : 'wait',
      text:
        line.state === 'live' ? `since ${formatClock(line.since)}` : `${line.state} since ${formatClock(line.since)}`,
    },
    { name: 'Access', state: 'ok', text: me.mode === 'local' ? 'local: this machine only, no token' : 'token' },
    { name: 'Version', state: 'ok', text: `${me.version}, Node ${version.data?.node ?? '…'}` },
  ];
  return (
    <div className={view.page}>
      <h1>System</h1>
      <dl className={css.checks}>
        {checks.map(({ name, state, text }) => (
          <div key={name} data-state={state}>
            <dt>
              <span className={css.word}>{state}</span>
              {name}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <section className={view.section}>
        <p className={view.muted}>Every check, with what to do about each:</p>
        <div>
          <Command text="npx xswarm doctor" />
        </div>
      </section>
    </div>
  );
}
