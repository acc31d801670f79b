import { useState } from 'react';
import type { ReactNode } from 'react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../api/calls.ts';
import { usePage } from '../../page-context.ts';
import { Ago, Button, Command, Failure, Field } from '../../ui/ui.tsx';
import view from '../view.module.css';

/** How the page looks, and the browsers that are logged in. */
export function SettingsView(): ReactNode {
  return (
    <div className={view.page}>
      <h1>Settings</h1>
      <Appearance />
      <Devices />
    </div>
  );
}

function Appearance(): ReactNode {
  const [theme, setTheme] = useState(() => localStorage.getItem('xswarm.theme') ?? 'system');
  const choose = (next: string): void => {
    setTheme(next);
    if (next === 'system') {
      localStorage.removeItem('xswarm.theme');
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem('xswarm.theme', next);
      document.documentElement.dataset.theme = next;
    }
  };
  return (
    <section className={view.form}>
      <Field label="Theme">
        <select value={theme} style={{ width: 'fit-content' }} onChange={({ target }) => choose(target.value)}>
          <option value="system">As the system</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </select>
      </Field>
    </section>
  );
}

function Devices(): ReactNode {
  const { me } = usePage();
  const client = useQueryClient();
  const query = useQuery({ queryKey: ['devices'], queryFn: api.devices });
  const end = useMutation({
    mutationFn: async (id: string | null) => (id === null ? await api.endOtherDevices() : await api.endDevice(id)),
    onSuccess: async (_, id) => {
      if (id !== null && id === me.login_id) location.assign('/');
      else await client.invalidateQueries({ queryKey: ['devices'] });
    },
  });
  const devices = query.data?.sessions ?? [];
  return (
    <section className={view.section}>
      <h2>Browsers that are logged in</h2>
      {query.error !== null && <Failure error={query.error} retry={() => void query.refetch()} />}
      {end.error !== null && <p role="alert">{end.error.message}</p>}
      {query.isSuccess && devices.length === 0 && (
        <p className={view.muted}>{me.mode === 'local' ? 'None: on this machine the page needs no login.' : 'None.'}</p>
      )}
      {devices.length > 0 && (
        <div className={view.scroll}>
          <table className={view.table}>
            <thead>
              <tr>
                <th scope="col">Browser</th>
                <th scope="col">Last used</th>
                <th scope="col">Ends</th>
                <th scope="col">
                  <span className="visually-hidden">Action</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {devices.map((device) => (
                <tr key={device.id}>
                  <td title={device.device}>
                    {browserOf(device.device)}
                    {device.current && <span className={view.muted}> · this one</span>}
                  </td>
                  <td>
                    <Ago at={device.last_used_at} />
                  </td>
                  <td>{new Date(device.expires_at).toLocaleDateString()}</td>
                  <td className={view.number}>
                    <Button look="quiet" onClick={() => end.mutate(device.id)}>
                      {device.current ? 'Log out' : 'End'}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {devices.length > 1 && (
        <div>
          <Button onClick={() => end.mutate(null)}>End all others</Button>
        </div>
      )}
      <p className={view.muted}>To log in another browser, run this and open the link there within a minute:</p>
      <div>
        <Command text="npx xswarm dashboard" />
      </div>
    </section>
  );
}

const BROWSERS = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const;
const SYSTEMS = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Mac OS X/, 'macOS'],
  [/Windows/, 'Windows'],
  [/Linux/, 'Linux'],
] as const;

function browserOf(agent: string): string {
  const found = (table: readonly (readonly [RegExp, string])[]): string | undefined =>
    table.find(([pattern]) => pattern.test(agent))?.[1];
  const [browser, system] = [found(BROWSERS), found(SYSTEMS)];
  return browser === undefined ? agent.slice(0, 60) : system === undefined ? browser : `${browser} on ${system}`;
}
