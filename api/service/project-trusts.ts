import type { Audit } from '../../domain/access/audit.ts';
import type { Caller } from '../../domain/access/caller.ts';
import { errors, XswarmError } from '../../domain/errors.ts';
import type { ProjectTrust, ReviewedSettings } from '../../domain/project-settings.ts';
import type { GatewayControl } from '../../domain/session/session-workflows.ts';
import type { Database } from '../../db/file/open.ts';
import { forgetTrust, listTrusts, saveTrust, trustOf } from '../../db/queries/trusts.ts';
import { policy } from '../access/policy.ts';
import type { ProjectPolicy } from '../access/project-policy.ts';

/** Which folders' settings Claude Code may load: only an administrator decides, about the files as the gateway sees them. */
export class ProjectTrusts {
  readonly #db: Database;
  readonly #gateway: Pick<GatewayControl, 'projectSettings'>;
  readonly #projects: ProjectPolicy;
  readonly #audit: Audit;

  constructor(deps: {
    db: Database;
    gateway: Pick<GatewayControl, 'projectSettings'>;
    projects: ProjectPolicy;
    audit: Audit;
  }) {
    this.#db = deps.db;
    this.#gateway = deps.gateway;
    this.#projects = deps.projects;
    this.#audit = deps.audit;
  }

  /** What a folder would run, and whether that is trusted. Throws `PROJECT_PATH`. */
  async review(projectPath: string): Promise<ReviewedSettings> {
    const project_path = await this.#projects.check(projectPath);
    const found = await this.#gateway.projectSettings(project_path);
    if (found === null) {
      return { project_path, digest: null, hooks: [], mcp_servers: [], rules: [], files: [], trust: 'none' };
    }
    const settings = { ...found, project_path };
    if (settings.digest === null) return { ...settings, trust: 'none' };
    const known = trustOf(this.#db, project_path);
    if (known === null) return { ...settings, trust: 'untrusted' };
    return { ...settings, trust: known.digest === settings.digest ? 'trusted' : 'changed' };
  }

  /** Trusts the settings that were shown. Throws `INVALID_REQUEST` when they have changed since, or when there are none. */
  async trust(caller: Caller, projectPath: string, digest: string): Promise<ProjectTrust> {
    this.#requireAdmin(caller, 'project.trust', projectPath);
    const settings = await this.review(projectPath);
    const { project_path } = settings;
    if (settings.digest === null) throw errors.invalidRequest(`digest: ${project_path} has no settings to trust`);
    if (settings.digest !== digest) {
      throw errors.invalidRequest(
        `digest: the settings of ${project_path} are not the ones that were shown: look again`,
      );
    }
    const trust = { project_path, digest, trusted_by: caller.user_id, trusted_at: new Date().toISOString() };
    saveTrust(this.#db, trust);
    this.#record(caller, 'project.trust', project_path, 'done');
    return trust;
  }

  list(caller: Caller): ProjectTrust[] {
    this.#requireAdmin(caller, 'project.trust', null);
    return listTrusts(this.#db);
  }

  /** Forgets the trust in a folder, also in one that has gone. False where there was none. */
  async forget(caller: Caller, projectPath: string): Promise<boolean> {
    this.#requireAdmin(caller, 'project.forget', projectPath);
    const real = await this.#projects.check(projectPath).catch(() => projectPath);
    const isForgotten = forgetTrust(this.#db, real);
    if (isForgotten) this.#record(caller, 'project.forget', real, 'done');
    return isForgotten;
  }

  #requireAdmin(caller: Caller, action: 'project.trust' | 'project.forget', object: string | null): void {
    if (policy(caller, 'read_everything', null) === 'allowed') return;
    this.#record(caller, action, object, 'refused');
    throw new XswarmError('FORBIDDEN', 'Only an admin decides which folders are trusted');
  }

  #record(
    { user_id: who, via }: Caller,
    action: 'project.trust' | 'project.forget',
    object: string | null,
    outcome: 'done' | 'refused',
  ): void {
    this.#audit.record({ who, door: via === 'cookie' ? 'web' : 'rest', evidence: via, action, object, outcome });
  }
}
