import { Component } from 'react';
import type { ReactNode } from 'react';
import { Failure } from './ui/ui.tsx';

const RELOADED = 'xswarm.reloaded';

/** Keeps an error in the part of the page where it happened. A missing piece of an older build reloads the page, once. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override componentDidCatch(error: Error): void {
    if (!/dynamically imported module/i.test(error.message) || sessionStorage.getItem(RELOADED) !== null) return;
    sessionStorage.setItem(RELOADED, '1');
    location.reload();
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return <Failure error={this.state.error} retry={() => this.setState({ error: null })} />;
  }
}
