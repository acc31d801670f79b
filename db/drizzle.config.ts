import { defineConfig } from 'drizzle-kit';

// The one default export of the project: drizzle-kit reads it.
export default defineConfig({
  dialect: 'sqlite',
  schema: './db/schema/*.ts',
  out: './db/migrations',
});
