import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import type { ComponentType, LazyExoticComponent, ReactNode } from 'react';
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { Route, Switch } from 'wouter';
import { api } from './api/calls.ts';
import { ApiError } from './api/http.ts';
import { Boundary } from './boundary.tsx';
import { EventStore } from './live/event-store.ts';
import { Login, takeCode } from './login.tsx';
import { PageContext } from './page-context.ts';
import type { Page } from './page-context.ts';
import { Shell } from './shell.tsx';
import { useShortcuts } from './shortcuts.ts';
import { Empty, Failure, Skeleton } from './ui/ui.tsx';
import { Palette } from './views/palette/palette.tsx';
import { SessionsView } from './views/sessions/sessions-view.tsx';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

const FETCH_TRIES = 5;

/** A view whose code is fetched when it is opened: tried again for 4 s when the connection is cut meanwhile. */
function view<P extends object>(load: () => Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> {
  return lazy(async () => {
    for (let tries = 1; ; tries += 1) {
      try {
        return { default: await load() };
      } catch (error) {
        if (tries === FETCH_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 125 * 2 ** tries));
      }
    }
  });
}

const SessionView = view(async () => (await import('./views/session/session-view.tsx')).SessionView);
const CostsView = view(async () => (await import('./views/costs/costs-view.tsx')).CostsView);
const NewSessionView = view(async () => (await import('./views/new-session/new-session-view.tsx')).NewSessionView);
const InboxView = view(async () => (await import('./views/inbox/inbox-view.tsx')).InboxView);
const SearchView = view(async () => (await import('./views/search/search-view.tsx')).SearchView);
const SettingsView = view(async () => (await import('./views/settings/settings-view.tsx')).SettingsView);
const SystemView = view(async () => (await import('./views/system/system-view.tsx')).SystemView);
// The palette is not fetched when it is opened: what is typed meanwhile would go into the message.
const ShortcutSheet = view(async () => (await import('./views/palette/shortcut-sheet.tsx')).ShortcutSheet);

/** The page. */
export function App(): ReactNode {
  return (
    <QueryClientProvider client={client}>
      <Boundary>
        <Door />
      </Boundary>
    </QueryClientProvider>
  );
}

const givenCode = takeCode();
let redeemed: Promise<string | null> | null = null;

/** Exchanges the code of the address once; what went wrong, or null. */
async function redeem(): Promise<string | null> {
  if (givenCode === null) return null;
  redeemed ??= api.logIn({ code: givenCode }).then(
    () => null,
    (error: Error) => error.message,
  );
  return await redeemed;
}

/** Lets in whom the server knows, and shows the login to everyone else. */
function Door(): ReactNode {
  const query = useQuery({
    queryKey: ['me'],
    queryFn: async ({ signal }) => {
      const problem = await redeem();
      try {
        return { me: await api.me(signal), problem };
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return { me: null, problem };
        throw error;
      }
    },
    staleTime: Infinity,
  });
  const me = query.data?.me ?? null;
  if (me !== null) return <Inside me={me} onLogin={() => void query.refetch()} />;
  if (query.data !== undefined) return <Login problem={query.data.problem} onDone={() => void query.refetch()} />;
  if (query.error !== null) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return null;
}

/** Reads again what the stream does not say whole: the lists, and what waits for people. */
function refresh(): void {
  for (const queryKey of [['sessions'], ['session'], ['inbox']]) void client.invalidateQueries({ queryKey });
}

function Inside({ me, onLogin }: { me: Page['me']; onLogin: () => void }): ReactNode {
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null);
  const store = useMemo(() => new EventStore(refresh), []);
  const page = useMemo<Page>(
    () => ({ me, store, offers: (call) => me.offers.includes(call), openPalette: () => setOpen('palette') }),
    [me, store],
  );
  useShortcuts(setOpen);
  // What is opened next is most likely a session.
  useEffect(() => {
    const timer = setTimeout(() => void import('./views/session/session-view.tsx').catch(() => undefined), 300);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    let was = store.line().state;
    return store.subscribe(() => {
      const { state } = store.line();
      if (state === was) return;
      was = state;
      if (state === 'login') onLogin();
      // What is not in the stream may have changed meanwhile.
      if (state === 'live') void client.invalidateQueries({ queryKey: ['session'] });
    });
  }, [store, onLogin]);

  return (
    <PageContext value={page}>
      <Shell>
        <Suspense fallback={<Skeleton lines={8} />}>
          <Switch>
            <Route path="/">
              <Boundary>
                <SessionsView />
              </Boundary>
            </Route>
            <Route path="/sessions/:id">
              {({ id }) => (
                <Boundary key={id}>
                  <SessionView sessionId={decodeURIComponent(id)} />
                </Boundary>
              )}
            </Route>
            <Route path="/inbox">
              {() => (
                <Boundary>
                  <InboxView />
                </Boundary>
              )}
            </Route>
            <Route path="/costs">
              {() => (
                <Boundary>
                  <CostsView />
                </Boundary>
              )}
            </Route>
            <Route path="/new">
              {() => (
                <Boundary>
                  <NewSessionView />
                </Boundary>
              )}
            </Route>
            <Route path="/search">
              {() => (
                <Boundary>
                  <SearchView />
                </Boundary>
              )}
            </Route>
            <Route path="/settings">
              {() => (
                <Boundary>
                  <SettingsView />
                </Boundary>
              )}
            </Route>
            <Route path="/system">
              {() => (
                <Boundary>
                  <SystemView />
                </Boundary>
              )}
            </Route>
            <Route>{() => <Empty>There is no such page.</Empty>}</Route>
          </Switch>
        </Suspense>
      </Shell>
      <Suspense fallback={null}>
        {open === 'palette' && <Palette onClose={() => setOpen(null)} onShortcuts={() => setOpen('shortcuts')} />}
        {open === 'shortcuts' && <ShortcutSheet onClose={() => setOpen(null)} />}
      </Suspense>
    </PageContext>
  );
}
