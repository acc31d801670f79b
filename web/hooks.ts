import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { InfiniteData, UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query';
import { api } from './api/calls.ts';
import type { Session } from './api/calls.ts';
import { ApiError } from './api/http.ts';
import type { Loaded, Patch } from './live/event-store.ts';
import type { LineState } from './live/live-stream.ts';
import { usePage } from './page-context.ts';

/** How the event stream is. */
export function useLine(): LineState {
  const { store } = usePage();
  return useSyncExternalStore(store.subscribe, store.line);
}

/** What the stream said about sessions since they were read. */
function usePatches(): Readonly<Record<string, Patch>> {
  const { store } = usePage();
  return useSyncExternalStore(store.subscribe, store.patches);
}

/** A session's transcript, kept up to date while the view is there. */
export function useTranscript(sessionId: string): Loaded | undefined {
  const { store } = usePage();
  useEffect(() => store.show(sessionId), [store, sessionId]);
  return useSyncExternalStore(store.subscribe, () => store.loaded(sessionId));
}

function withPatch(session: Session, patch: Patch | undefined): Session {
  return patch === undefined ? session : { ...session, ...patch };
}

/** One session, kept up to date. */
export function useSession(sessionId: string): UseQueryResult<Session> {
  const patch = usePatches()[sessionId];
  const query = useQuery({
    queryKey: ['session', sessionId],
    queryFn: ({ signal }) => api.session(sessionId, signal),
    // Without an answer there is no session to refuse: it is asked for again until there is one.
    refetchInterval: ({ state }) => (state.error instanceof ApiError && state.error.status === 0 ? 1_000 : false),
  });
  return {
    ...query,
    data: query.data === undefined ? undefined : withPatch(query.data, patch),
  } as UseQueryResult<Session>;
}

const OPEN_STATUSES = ['connecting', 'active', 'idle', 'disconnecting'] as const;

/** All open sessions, the ones with the latest activity first. */
export function useOpenSessions(): { sessions: Session[]; query: UseQueryResult<Session[]> } {
  const patches = usePatches();
  const query = useQuery({
    queryKey: ['sessions', 'open'],
    queryFn: async ({ signal }) => {
      const pages = await Promise.all(OPEN_STATUSES.map((status) => api.sessions({ status, limit: 200 }, signal)));
      return pages.flatMap((page) => page.sessions);
    },
  });
  const sessions = useMemo(() => {
    const unique = new Map((query.data ?? []).map((session) => [session.id, withPatch(session, patches[session.id])]));
    return [...unique.values()].sort((one, other) => other.last_activity.localeCompare(one.last_activity));
  }, [query.data, patches]);
  return { sessions, query };
}

/** Every session, newest first, a page at a time. */
export function useAllSessions(filter: { user_id?: string; project_path?: string }): {
  sessions: Session[];
  query: UseInfiniteQueryResult<InfiniteData<{ sessions: Session[]; next_cursor: string | null }>>;
} {
  const patches = usePatches();
  const query = useInfiniteQuery({
    queryKey: ['sessions', 'all', filter],
    queryFn: ({ pageParam, signal }) => api.sessions({ ...filter, limit: 100, cursor: pageParam ?? undefined }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const sessions = useMemo(
    () => (query.data?.pages ?? []).flatMap((page) => page.sessions).map((one) => withPatch(one, patches[one.id])),
    [query.data, patches],
  );
  return { sessions, query };
}

/** A value of `localStorage` that is kept at once, so that it survives everything. */
export function useStored(key: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => localStorage.getItem(key) ?? '');
  const [shownKey, setShownKey] = useState(key);
  if (shownKey !== key) {
    setShownKey(key);
    setValue(localStorage.getItem(key) ?? '');
  }
  return [
    value,
    (next) => {
      setValue(next);
      if (next === '') localStorage.removeItem(key);
      else localStorage.setItem(key, next);
    },
  ];
}

/** The time, renewed every so many milliseconds. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Whether a media query holds. */
export function useMedia(query: string): boolean {
  const list = useMemo(() => matchMedia(query), [query]);
  return useSyncExternalStore(
    (listener) => {
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => list.matches,
  );
}
