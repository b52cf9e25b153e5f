-- src/index.js --
import Resolver from '@forge/resolver';
import { Octokit } from 'octokit';
import { kvs } from '@forge/kvs';
const resolver = new Resolver();
const client = async () => new Octokit({ auth: await kvs.getSecret('github-token') });
const run = async (work) => work(await client());
resolver.define('approve', async ({ payload }) => {
  await run((octokit) => octokit.request('POST /repos/{owner}/{repo}/pulls/{n}/reviews', payload.pull)); // HIT
});
export const handler = resolver.getDefinitions();
