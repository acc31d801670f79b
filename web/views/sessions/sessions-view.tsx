import { useMemo, useRef } from 'react';
import type { ReactNode } from 'react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Link, useSearchParams } from 'wouter';
import type { Session } from '../../api/calls.ts';
import { useAllSessions, useMedia, useOpenSessions } from '../../hooks.ts';
import { usePage } from '../../page-context.ts';
import { Icon } from '../../ui/icon.tsx';
import { folderOf, nameOf, stateOf } from '../../ui/session-state.ts';
import type { StateName } from '../../ui/session-state.ts';
import { Ago, Empty, Failure, Money, Simulated, Skeleton, State, classes } from '../../ui/ui.tsx';
import ui from '../../ui/ui.module.css';
import css from './sessions.module.css';

type Item = { kind: 'head'; word: string; count: number } | { kind: 'session'; session: Session; state: StateName };

const SHOWN = ['all', 'open', 'ended'] as const;

/** Every session: the ones that need a person first, then the open ones, then the ended ones. Filters are in the address. */
export function SessionsView(): ReactNode {
  const { me } = usePage();
  const [search, setSearch] = useSearchParams();
  const shown = SHOWN.find((name) => name === search.get('show')) ?? 'all';
  const user = search.get('user') ?? '';
  const project = search.get('project') ?? '';
  const filter = { ...(user !== '' && { user_id: user }), ...(project !== '' && { project_path: project }) };
  const open = useOpenSessions();
  const all = useAllSessions(filter);
  const items = useMemo(
    () => itemsOf({ open: open.sessions, all: all.sessions, shown, user, project }),
    [open.sessions, all.sessions, shown, user, project],
  );
  const projects = useMemo(() => [...new Set(all.sessions.map((one) => one.project_path))].sort(), [all.sessions]);

  const set = (key: string, value: string): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === '' || value === 'all') next.delete(key);
        else next.set(key, value);
        return next;
      },
      { replace: true },
    );

  return (
    <div className={css.view}>
      <header className={css.head}>
        <h1>Sessions</h1>
        <div className={css.filters}>
          <select aria-label="Which sessions" value={shown} onChange={({ target }) => set('show', target.value)}>
            <option value="all">All</option>
            <option value="open">Open</option>
            <option value="ended">Ended</option>
          </select>
          {(projects.length > 1 || project !== '') && (
            <select aria-label="Project" value={project} onChange={({ target }) => set('project', target.value)}>
              <option value="">Every project</option>
              {[...new Set([...projects, ...(project === '' ? [] : [project])])].map((path) => (
                <option key={path} value={path}>
                  {folderOf(path)}
                </option>
              ))}
            </select>
          )}
          {me.users.length > 1 && (
            <select aria-label="User" value={user} onChange={({ target }) => set('user', target.value)}>
              <option value="">Every user</option>
              {me.users.map((id) => (
                <option key={id}>{id}</option>
              ))}
            </select>
          )}
          <Link href="/new" className={classes(ui.button, ui.primary)}>
            <Icon name="plus" /> New session
          </Link>
        </div>
      </header>
      <Body items={items} open={open} all={all} filtered={shown !== 'all' || user !== '' || project !== ''} />
    </div>
  );
}

function Body(props: {
  items: Item[];
  open: ReturnType<typeof useOpenSessions>;
  all: ReturnType<typeof useAllSessions>;
  filtered: boolean;
}): ReactNode {
  const { items, open, all, filtered } = props;
  const error = all.query.error ?? open.query.error;
  if (items.length > 0) return <List items={items} all={all} />;
  if (error !== null)
    return <Failure error={error} retry={() => void Promise.all([all.query.refetch(), open.query.refetch()])} />;
  if (all.query.isPending || open.query.isPending) {
    return (
      <div className={css.scroller}>
        <Skeleton lines={12} />
      </div>
    );
  }
  if (filtered) return <Empty>No session matches these filters.</Empty>;
  return <Empty command="npx xswarm claude new">There is no session yet. Begin one here, or in a terminal:</Empty>;
}

function List({ items, all }: { items: Item[]; all: ReturnType<typeof useAllSessions> }): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const coarse = useMedia('(pointer: coarse)');
  const narrow = useMedia('(max-width: 767px)');
  const rowHeight = narrow ? 60 : coarse ? 52 : 36;
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (items[index]?.kind === 'head' ? 40 : rowHeight),
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : item.kind === 'head' ? `head:${item.word}` : item.session.id;
    },
    overscan: 10,
  });
  const shown = virtual.getVirtualItems();
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = all.query;
  const nearEnd = (shown.at(-1)?.index ?? 0) >= items.length - 20;
  if (nearEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage();

  return (
    <div className={css.scroller} ref={scroller}>
      <ul style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {shown.map(({ key, index, start, size }) => {
          const item = items[index];
          if (item === undefined) return null;
          return (
            <li
              key={key}
              style={{
                position: 'absolute',
                insetInline: 0,
                top: 0,
                height: size,
                transform: `translateY(${start}px)`,
              }}
            >
              {item.kind === 'head' ? (
                <h2 className={css.group}>
                  {item.word} <span>{item.count}</span>
                </h2>
              ) : (
                <SessionRow session={item.session} state={item.state} />
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function SessionRow({ session, state }: { session: Session; state: StateName }): ReactNode {
  const hint = session.waiting?.title ?? session.paused?.message ?? session.running?.summary ?? session.error?.message;
  return (
    <Link href={`/sessions/${encodeURIComponent(session.id)}`} className={css.row} data-row data-state={state}>
      <span className={css.state}>
        <State name={state} />
      </span>
      <span className={css.name}>
        <b>{nameOf(session)}</b>
        {session.simulated && <Simulated />}
        <span className={css.hint}>{hint ?? (session.title === null ? '' : folderOf(session.project_path))}</span>
      </span>
      <span className={css.user}>{session.user_id}</span>
      <span className={css.count}>
        {session.message_count} <span className={css.unit}>{session.message_count === 1 ? 'message' : 'messages'}</span>
      </span>
      <span className={css.cost}>
        <Money usd={session.cost_usd} simulated={session.simulated} />
        {session.budget && (
          <meter
            min={0}
            max={session.budget.limit_usd}
            high={session.budget.limit_usd * 0.8}
            value={session.budget.spent_usd}
            aria-label="Part of the budget that is spent"
          />
        )}
      </span>
      <span className={css.ago}>
        <Ago at={session.last_activity} />
      </span>
    </Link>
  );
}

function itemsOf(options: {
  open: Session[];
  all: Session[];
  shown: (typeof SHOWN)[number];
  user: string;
  project: string;
}): Item[] {
  const { open, all, shown, user, project } = options;
  const fits = (one: Session): boolean =>
    (user === '' || one.user_id === user) && (project === '' || one.project_path === project);
  const known = new Map([...all, ...open].filter(fits).map((session) => [session.id, session]));
  const rows = [...known.values()].map((session) => ({ kind: 'session' as const, session, state: stateOf(session) }));
  const byActivity = rows.sort((one, other) => other.session.last_activity.localeCompare(one.session.last_activity));
  const isEnded = (state: StateName): boolean => state === 'ended' || state === 'failed';
  const groups: [string, typeof rows][] = [
    ['Needs you', byActivity.filter(({ state }) => state === 'waiting' || state === 'paused')],
    ['Open', byActivity.filter(({ state }) => state !== 'waiting' && state !== 'paused' && !isEnded(state))],
    ['Ended', byActivity.filter(({ state }) => isEnded(state))],
  ];
  return groups
    .filter(([word, group]) => group.length > 0 && (shown === 'all' || (shown === 'ended') === (word === 'Ended')))
    .flatMap(([word, group]): Item[] => [{ kind: 'head', word, count: group.length }, ...group]);
}
