import { asc, eq } from 'drizzle-orm';
import type { ProjectTrust } from '../../domain/project-settings.ts';
import type { Database } from '../file/open.ts';
import { projectTrusts } from '../schema/trusts.ts';

/** What was trusted of a folder; null where nobody trusted it. */
export function trustOf(db: Database, projectPath: string): ProjectTrust | null {
  return db.select().from(projectTrusts).where(eq(projectTrusts.project_path, projectPath)).get() ?? null;
}

/** All trusted folders, by path. */
export function listTrusts(db: Database): ProjectTrust[] {
  return db.select().from(projectTrusts).orderBy(asc(projectTrusts.project_path)).all();
}

/** Writes down what is trusted of a folder, in place of what was trusted before. */
export function saveTrust(db: Database, trust: ProjectTrust): void {
  db.insert(projectTrusts).values(trust).onConflictDoUpdate({ target: projectTrusts.project_path, set: trust }).run();
}

/** Forgets the trust in a folder; false where there was none. */
export function forgetTrust(db: Database, projectPath: string): boolean {
  return db.delete(projectTrusts).where(eq(projectTrusts.project_path, projectPath)).run().changes > 0;
}
