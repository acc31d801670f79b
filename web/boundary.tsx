import { Component } from 'react';
import type { ReactNode } from 'react';
import { Failure } from './ui/ui.tsx';

const RELOADED_AT = 'xswarm.reloaded_at';
const RELOAD_AGAIN_AFTER_MS = 60_000;

/** Whether the code of a view could not be fetched: the connection failed, or the server has a newer build. */
function isMissingCode(error: Error): boolean {
  return /dynamically imported module/i.test(error.message);
}

/** Loads the page of the newer build; not while the server is away, because the browser would replace the page by its own error. */
async function reloadFromServer(): Promise<void> {
  const before = Number(sessionStorage.getItem(RELOADED_AT) ?? 0);
  if (Date.now() - before < RELOAD_AGAIN_AFTER_MS) return;
  const answer = await fetch('/health').catch(() => null);
  if (answer?.ok !== true) return;
  sessionStorage.setItem(RELOADED_AT, String(Date.now()));
  location.reload();
}

/** Keeps an error in the part of the page where it happened. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override componentDidCatch(error: Error): void {
    if (isMissingCode(error)) void reloadFromServer();
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    // React keeps the failure of a view that was not fetched: only a new page fetches it again.
    const retry = (): void => (isMissingCode(error) ? location.reload() : this.setState({ error: null }));
    return <Failure error={error} retry={retry} />;
  }
}
