import { createContext, useContext } from 'react';
import type { Me } from './api/calls.ts';
import type { EventStore } from './live/event-store.ts';

/** What every view of a page that is logged in may use. */
export interface Page {
  me: Me;
  store: EventStore;
  /** Whether the server has a call, as `GET /api/claude-code/inbox`. */
  offers: (call: string) => boolean;
  openPalette: () => void;
}

export const PageContext = createContext<Page | null>(null);

/** The page around a view. */
export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error('usePage() needs a page around it');
  return page;
}
