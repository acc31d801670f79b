import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useLine, useNow, useOpenSessions } from './hooks.ts';
import css from './app.module.css';
import { usePage } from './page-context.ts';
import { Icon } from './ui/icon.tsx';
import type { IconName } from './ui/icon.tsx';
import { formatClock, formatMoney } from './ui/format.ts';
import { nameOf, stateOf } from './ui/session-state.ts';
import { Button, Dialog, State } from './ui/ui.tsx';

interface Place {
  path: string;
  word: string;
  icon: IconName;
  keys?: string;
}

const PLACES: readonly Place[] = [
  { path: '/', word: 'Sessions', icon: 'sessions', keys: 'g s' },
  { path: '/inbox', word: 'Inbox', icon: 'inbox', keys: 'g i' },
  { path: '/costs', word: 'Costs', icon: 'costs', keys: 'g c' },
  { path: '/search', word: 'Search', icon: 'search', keys: '/' },
  { path: '/system', word: 'System', icon: 'system' },
  { path: '/settings', word: 'Settings', icon: 'settings' },
];

/** What stands around every view: places to go, open sessions, and how the connection is. */
export function Shell({ children }: { children: ReactNode }): ReactNode {
  const [location] = useLocation();
  const talking = location.startsWith('/sessions/');
  return (
    <div className={css.shell} data-talking={talking ? '' : undefined}>
      <a className={css.skip} href="#main">
        Skip to the content
      </a>
      <Side location={location} />
      <main className={css.main} id="main" tabIndex={-1}>
        <OfflineBanner />
        <div className={css.view}>{children}</div>
      </main>
      <Bar location={location} />
    </div>
  );
}

function Side({ location }: { location: string }): ReactNode {
  const { me, openPalette } = usePage();
  const { sessions } = useOpenSessions();
  const ordered = [...sessions].sort(
    (one, other) => Number((other.waiting ?? null) !== null) - Number((one.waiting ?? null) !== null),
  );
  return (
    <div className={css.side}>
      <div className={css.brand}>
        <Link href="/">
          <img src="/icon.svg" alt="" width="22" height="22" />
          xswarm
        </Link>
        <Link href="/new" aria-label="New session" title="New session (n)">
          <Icon name="plus" />
        </Link>
      </div>
      <nav className={css.nav} aria-label="Places">
        {PLACES.map(({ path, word, icon, keys }) => (
          <Link key={path} href={path} aria-current={path === location ? 'page' : undefined}>
            <Icon name={icon} />
            {word}
            {keys !== undefined && <kbd>{keys}</kbd>}
          </Link>
        ))}
      </nav>
      <nav className={css.open} aria-label="Open sessions">
        {ordered.length > 0 && <h2>Open</h2>}
        {ordered.slice(0, 50).map((session) => {
          const path = `/sessions/${encodeURIComponent(session.id)}`;
          return (
            <Link key={session.id} href={path} aria-current={path === location ? 'page' : undefined}>
              <State name={stateOf(session)} short />
              <span>{nameOf(session)}</span>
              <span>{formatMoney(session.cost_usd)}</span>
            </Link>
          );
        })}
      </nav>
      <div className={css.foot}>
        <LineMark />
        <button type="button" onClick={openPalette}>
          Commands <kbd>Ctrl K</kbd>
        </button>
        <span>{me.user_id ?? 'this machine'}</span>
      </div>
    </div>
  );
}

function LineMark(): ReactNode {
  const { state } = useLine();
  const words = { live: 'live', connecting: 'connecting', offline: 'offline', login: 'logged out' } as const;
  return (
    <span className={css.line} data-state={state}>
      <i />
      {words[state]}
    </span>
  );
}

/** Shown only once a break is longer than a blink. */
function OfflineBanner(): ReactNode {
  const { state, since } = useLine();
  const now = useNow(1000);
  if (state !== 'offline' || now - since < 3000) return null;
  return (
    <div className={css.banner} role="status">
      Offline since {formatClock(since)}. You can read what is here; nothing is sent.
    </div>
  );
}

/** The bar at the lower edge of a phone. */
function Bar({ location }: { location: string }): ReactNode {
  const { openPalette } = usePage();
  const [more, setMore] = useState(false);
  const places = PLACES.slice(0, 3);
  const rest = PLACES.slice(3);
  return (
    <nav className={css.bar} aria-label="Places">
      {places.map(({ path, word, icon }) => (
        <Link key={path} href={path} aria-current={path === location ? 'page' : undefined}>
          <Icon name={icon} size={20} />
          {word}
        </Link>
      ))}
      <button type="button" aria-haspopup="dialog" onClick={() => setMore(true)}>
        <Icon name="more" size={20} />
        More
      </button>
      {more && (
        <Dialog title="More" sheet onClose={() => setMore(false)}>
          <ul className={css.sheetList}>
            <li>
              <Link href="/new" onClick={() => setMore(false)}>
                <Icon name="plus" /> New session
              </Link>
            </li>
            {rest.map(({ path, word, icon }) => (
              <li key={path}>
                <Link href={path} onClick={() => setMore(false)}>
                  <Icon name={icon} /> {word}
                </Link>
              </li>
            ))}
            <li>
              <Button
                look="quiet"
                onClick={() => {
                  setMore(false);
                  openPalette();
                }}
              >
                <Icon name="chevron" /> Commands
              </Button>
            </li>
          </ul>
        </Dialog>
      )}
    </nav>
  );
}
