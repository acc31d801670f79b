import { serverUrl, supervisorUrl } from '../../config/derive.ts';
import type { Config } from '../../config/sections.ts';

/** What the lines to paste are about. */
export interface NextSteps {
  config: Config;
  userId: string | null;
  project: string;
  /** The session of the first conversation. */
  sessionId: string | null;
}

/** Writes the lines to paste next: for a shell, for HTTP, and where to look. */
export function nextSteps({ config, userId, project, sessionId }: NextSteps): string[] {
  const url = serverUrl(config);
  const api = `${url}/api/claude-code`;
  const header = "-H 'Content-Type: application/json'";
  const token = config.server.auth === 'token' ? ' -H "Authorization: Bearer $XSWARM_TOKEN"' : '';
  const id = sessionId ?? '<session_id>';
  const body = JSON.stringify({ user_id: userId ?? '<user_id>', project_path: project });
  const lines = [
    'Talk on:',
    `  npx xswarm claude ${sessionId === null ? 'connect $(npx xswarm claude new)' : `connect ${id}`}`,
    `  npx xswarm claude status`,
    'By HTTP:',
    ...(sessionId === null ? [`  curl -X POST ${api}/sessions${token} ${header} -d '${quoted(body)}'`] : []),
    `  curl -X POST ${api}/sessions/${id}/messages${token} ${header} -d '{"message":"Check git status"}'`,
    `  curl${token} ${api}/sessions/${id}/cost`,
    `Supervisor socket: ${supervisorUrl(config)}    API to try: ${url}/docs`,
  ];
  const workflow = workflowUrl(config, sessionId);
  return workflow === null ? lines : [...lines, `${sessionId === null ? 'Temporal' : 'Its workflow'}: ${workflow}`];
}

/** The address of a session in Temporal's Web UI; null where the server is not ours. */
export function workflowUrl(config: Config, sessionId: string | null): string | null {
  if (config.temporal.address !== '') return null;
  const base = `http://127.0.0.1:${config.temporal.ui_port}/namespaces/${encodeURIComponent(config.temporal.namespace)}/workflows`;
  return sessionId === null ? base : `${base}/session-${encodeURIComponent(sessionId)}`;
}

function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}
