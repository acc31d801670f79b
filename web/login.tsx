import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import { api } from './api/calls.ts';
import css from './app.module.css';
import { Button, Command, Field } from './ui/ui.tsx';

/** Lets a browser in: by the link of `xswarm dashboard`, or by an API token that is exchanged and forgotten. */
export function Login({ problem, onDone }: { problem: string | null; onDone: () => void }): ReactNode {
  const [token, setToken] = useState('');
  const [error, setError] = useState(problem);
  const [busy, setBusy] = useState(false);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setBusy(true);
    api.logIn({ token: token.trim() }).then(onDone, (failure: Error) => {
      setError(failure.message);
      setBusy(false);
    });
  };

  return (
    <main className={css.login}>
      <header>
        <img src="/icon.svg" alt="" width="48" height="48" />
        <h1>xswarm</h1>
        <p>Run this where the server runs, and open the link that it prints:</p>
        <Command text="npx xswarm dashboard" />
      </header>
      <form onSubmit={submit}>
        <Field label="Or paste an API token" hint="It is exchanged for a login of this browser and not kept.">
          <input
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={token}
            onChange={({ target }) => setToken(target.value)}
          />
        </Field>
        {error !== null && <div role="alert">{error}</div>}
        <Button type="submit" look="primary" disabled={busy || token.trim() === ''}>
          Log in
        </Button>
      </form>
    </main>
  );
}

/** Takes the one-time code out of the address, so that it is not left in the history; null without one. */
export function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code !== null) history.replaceState(null, '', location.pathname + location.search);
  return code;
}
