import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { api } from '../../api/calls.ts';
import { Icon } from '../../ui/icon.tsx';
import { Button } from '../../ui/ui.tsx';

const ESCALATE_MS = 10_000;

/** Stops the turn that runs: asked, confirmed by its result, and after 10 s a way to end the session. Esc twice does the same. */
export function StopButton({ sessionId }: { sessionId: string }): ReactNode {
  const [state, setState] = useState<'ready' | 'asked' | 'late'>('ready');
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    let escapeAt = -Infinity;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || document.querySelector('dialog[open]') !== null) return;
      if (event.timeStamp - escapeAt < 800) ask();
      escapeAt = event.timeStamp;
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });

  useEffect(() => {
    if (state !== 'asked') return undefined;
    const timer = setTimeout(() => setState('late'), ESCALATE_MS);
    return () => clearTimeout(timer);
  }, [state]);

  const ask = (): void => {
    if (state === 'asked') return;
    setState('asked');
    setProblem(null);
    api.interrupt(sessionId).catch((error: Error) => {
      setProblem(error.message);
      setState('ready');
    });
  };

  if (state === 'late') {
    return (
      <Button
        look="danger"
        title="The turn did not stop"
        onClick={() => void api.end(sessionId).catch(() => setState('ready'))}
      >
        End the session
      </Button>
    );
  }
  return (
    <Button
      look="danger"
      disabled={state === 'asked'}
      title={problem ?? 'Stop the running turn (Esc Esc)'}
      onClick={ask}
    >
      <Icon name="stop" size={12} /> {state === 'asked' ? 'Stopping…' : problem === null ? 'Stop' : 'Stop again'}
    </Button>
  );
}
